import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { resolveEndpoint } from './endpoint.ts';

test('the option wins over DOCKER_HOST, which wins over the usual socket', () => {
  expect(resolveEndpoint(undefined, {})).toMatchObject({ socketPath: '/var/run/docker.sock', remote: false });
  const environment = { DOCKER_HOST: 'tcp://engine:2375' };
  expect(resolveEndpoint(undefined, environment)).toEqual({
    name: 'tcp://engine:2375',
    origin: 'http://engine:2375',
    remote: true,
  });
  expect(resolveEndpoint('unix:///run/podman.sock', environment)).toMatchObject({
    socketPath: '/run/podman.sock',
  });
});

test('TLS takes the certificates of DOCKER_CERT_PATH', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'burstlet-certs-'));
  try {
    for (const file of ['ca', 'cert', 'key']) writeFileSync(path.join(folder, `${file}.pem`), file);
    const environment = {
      DOCKER_HOST: 'tcp://engine:2376',
      DOCKER_TLS_VERIFY: '1',
      DOCKER_CERT_PATH: folder,
    };
    expect(resolveEndpoint(undefined, environment)).toMatchObject({
      origin: 'https://engine:2376',
      tls: { ca: 'ca', cert: 'cert', key: 'key' },
    });
    rmSync(path.join(folder, 'key.pem'));
    expect(() => resolveEndpoint(undefined, environment)).toThrow('key.pem cannot be read');
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  ['unix://run/docker.sock', 'must be absolute'],
  ['ssh://me@engine:22', 'ssh:// is not supported'],
  ['tcp://engine', 'the port is missing'],
  ['engine', 'it is no address'],
])('%s is refused with what to write instead', (host, why) => {
  expect(() => resolveEndpoint(host, {})).toThrow(why);
  expect(() => resolveEndpoint(host, {})).toThrow(/^provider\.options\.host: .*; write unix:\/\//);
  expect(() => resolveEndpoint(undefined, { DOCKER_HOST: host })).toThrow(/^DOCKER_HOST: /);
});
