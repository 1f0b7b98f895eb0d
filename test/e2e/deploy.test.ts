import { execFile, spawnSync } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { applyRbac } from './support/account.ts';
import { openWorld, type World } from './support/world.ts';

const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;
const folder = path.resolve(import.meta.dirname, '../../manifests/deploy');
let world: World;

beforeAll(async () => {
  world = await openWorld();
  // A dry run makes no namespace for the others.
  await applyRbac(world.client);
});
afterAll(() => world.close());

it.skipIf(!hasKubectl)('manifests/deploy is what an API server takes (skipped without kubectl)', async () => {
  const args = ['apply', '--dry-run=server', '--server-side', '--force-conflicts', '-k', folder];
  const kubectl = promisify(execFile);
  const { stdout, stderr } = await kubectl('kubectl', ['--kubeconfig', world.cluster.kubeconfig, ...args]);
  expect(stdout).toMatch(/deployment.apps\/burstlet serverside-applied/);
  expect(stdout).toMatch(/rolebinding.*burstlet serverside-applied/);
  // No warning, such as one of Pod Security or of a deprecated field.
  expect(stderr).toBe('');
});
