import { expect, test } from 'vitest';
import { parseImage } from './image-reference.ts';
import { credentialsFor } from './registry-keyring.ts';

function servers(image: string, ...known: readonly string[]): string[] {
  const credentials = known.map((server) => ({ server, username: 'u', password: 'p' }));
  return credentialsFor(parseImage(image), credentials).map(({ server }) => server);
}

test('the most precise server comes first, others are left out', () => {
  const known = [
    'registry.example',
    'https://registry.example/team',
    'registry.example/other',
    'example',
    'registry.example:443',
  ];
  expect(servers('registry.example/team/app', ...known)).toEqual([
    'https://registry.example/team',
    'registry.example',
  ]);
  expect(servers('registry.example:443/app', ...known)).toEqual(['registry.example:443']);
});

test('Docker Hub has many names', () => {
  for (const server of [
    'https://index.docker.io/v1/',
    'docker.io',
    'index.docker.io',
    'https://registry-1.docker.io/v2/',
  ])
    expect(servers('busybox', server)).toEqual([server]);
  expect(servers('registry.example/busybox', 'https://index.docker.io/v1/')).toEqual([]);
});

test('labels of a host may be globs, one each', () => {
  expect(
    servers('a1.registry.example/app', '*.registry.example', 'a*.registry.example', '*.example'),
  ).toEqual(['a*.registry.example', '*.registry.example']);
  expect(servers('xregistry/app', 'x.registry')).toEqual([]);
});
