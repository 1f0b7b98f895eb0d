import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { ContainerSpec } from '../../providers/contract/index.ts';
import { testEngine } from './engine.ts';
import { container, Harness } from './harness.ts';
import { busyboxRoot } from './image.ts';
import { FakeRegistry } from './registry.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

describe.skipIf(typeof engine === 'string')('pulls', () => {
  let registry: FakeRegistry;
  let host = '';
  let harness: Harness;

  beforeAll(async () => {
    registry = new FakeRegistry(await busyboxRoot());
    host = await registry.listen();
  });
  afterAll(() => registry.close());
  beforeEach(() => {
    harness = new Harness(`pulls-${process.pid}`);
  });
  afterEach(() => harness.end());

  function app(
    name: string,
    place: string,
    imagePullPolicy: ContainerSpec['imagePullPolicy'] = 'IfNotPresent',
  ) {
    return { ...container(name), image: `${host}/${place}/app:1`, imagePullPolicy };
  }

  it('need the credentials of their registry, and try all that fit', async () => {
    const { name, password } = registry.user;
    const without = await harness.sandbox('without');
    await expect(harness.start(without, app('main', 'private'))).rejects.toMatchObject({
      reason: 'ErrImagePull',
    });
    const registryCredentials = [
      { server: host, username: name, password: 'wrong' },
      { server: `${host}/private`, username: 'nobody', password },
      { server: 'registry.example', username: name, password },
      { server: host, username: name, password },
    ];
    const sandbox = await harness.sandbox('with', { registryCredentials });
    expect(await harness.output(sandbox, app('main', 'private'))).toBe('hello from the image');
    const said = harness.notices.map(({ reason, message }) => `${reason} ${message.replace(/ in .*/, '')}`);
    expect(said).toContain(`Pulling Pulling image "${host}/private/app:1"`);
    expect(said).toContain(`Pulled Successfully pulled image "${host}/private/app:1"`);
  });

  it('are one for all who need the image at the same time, and none when it is there', async () => {
    const { name: username, password } = registry.user;
    const sandbox = await harness.sandbox('shared', {
      registryCredentials: [{ server: host, username, password }],
    });
    const before = registry.pulls;
    const names = ['a', 'b', 'c', 'd'];
    const runs = await Promise.all(names.map((name) => harness.start(sandbox, app(name, 'public'))));
    expect(registry.pulls - before).toBe(1);
    expect(runs.map(({ imageId }) => imageId)).toEqual(
      names.map(() => expect.stringMatching(new RegExp(`^${host}/public/app@sha256:[0-9a-f]{64}$`))),
    );
    await harness.start(sandbox, app('e', 'public'));
    await harness.start(sandbox, app('f', 'public', 'Never'));
    expect(registry.pulls - before).toBe(1);
    await harness.start(sandbox, app('g', 'public', 'Always'));
    expect(registry.pulls - before).toBe(2);
  });

  it('that fail say why', async () => {
    const { name: username, password } = registry.user;
    const sandbox = await harness.sandbox('failing', {
      registryCredentials: [{ server: host, username, password }],
    });
    const missing = { ...app('main', 'public'), image: `${host}/public/none:1` };
    await expect(harness.start(sandbox, missing)).rejects.toMatchObject({
      reason: 'ErrImagePull',
      // The second is of an engine that keeps its images in containerd.
      message: expect.stringMatching(/manifest unknown|public\/none:1: not found/),
    });
  });

  it('end with the last who waits for them', async () => {
    const sandbox = await harness.sandbox('leaving');
    const leave = new AbortController();
    const start = harness.runtime.startContainer(sandbox.id, app('main', 'private'), 0, leave.signal);
    leave.abort(new Error('enough'));
    await expect(start).rejects.toThrow('enough');
  });
});
