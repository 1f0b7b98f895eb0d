import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkNamedFiles } from './named-files.ts';
import { ConfigError, type Settings } from './settings.ts';

let folder = '';
let there = '';
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'burstlet-files-'));
  there = path.join(folder, 'a.pem');
  await writeFile(there, '');
});
afterAll(() => rm(folder, { recursive: true }));

async function fault(settings: Parameters<typeof checkNamedFiles>[0]): Promise<string> {
  const error: unknown = await checkNamedFiles(settings).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(ConfigError);
  return String(error);
}

test.each(['certFile', 'keyFile', 'clientCaFile'] as const)('tls.%s that is not there', async (key) => {
  const tls: Settings['tls'] = { certFile: there, keyFile: there, clientCaFile: there };
  await checkNamedFiles({ file: 'b.yaml', tls });
  const gone = path.join(folder, 'gone.pem');
  expect(await fault({ file: 'b.yaml', tls: { ...tls, [key]: gone } })).toContain(
    `b.yaml: tls.${key}: ${gone} cannot be read: there is no such file`,
  );
});

test('a bootstrap kubeconfig, until it has done its service', async () => {
  const gone = path.join(folder, 'gone');
  const bootstrap = { kubeconfig: gone, target: path.join(folder, 'own'), rotate: true };
  expect(await fault({ kubeconfig: bootstrap.target, bootstrap, tls: {} })).toContain(
    `--bootstrap-kubeconfig: ${gone} cannot be read`,
  );
  await checkNamedFiles({ kubeconfig: there, bootstrap: { ...bootstrap, target: there }, tls: {} });
});

test('a certificate, by flag', async () => {
  const tls = { certFile: path.join(folder, 'gone.pem'), keyFile: there };
  expect(await fault({ tls })).toContain('--tls-cert-file: ');
});

test('a kubeconfig, by flag and in the file', async () => {
  expect(await fault({ kubeconfig: folder, tls: {} })).toContain(
    `--kubeconfig: ${folder} cannot be read: it is a folder`,
  );
  expect(await fault({ file: 'b.yaml', kubeconfig: folder, tls: {} })).toContain('b.yaml: kubeconfig: ');
});
