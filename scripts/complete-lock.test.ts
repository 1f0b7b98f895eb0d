import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { completed, type LockedPackages } from './complete-lock.ts';

describe('a lock file from which platforms were dropped', () => {
  it('gets them back, with what their names say', () => {
    const packages: LockedPackages = {
      '': { version: '0.1.0' },
      'node_modules/@x/linux-x64': { version: '1.0.0', optional: true },
      'node_modules/x': {
        version: '1.0.0',
        dev: true,
        optionalDependencies: {
          '@x/linux-x64': '1.0.0',
          '@x/linux-arm64-musl': '1.0.0',
          '@x/win32-ia32-msvc': '1.0.0',
          '@x/wasm32-wasi': '1.0.0',
        },
      },
      'node_modules/y': { version: '1.0.0', optionalDependencies: { '@y/darwin-arm64': '2.0.0' } },
    };
    const all = completed(packages);
    expect(all).toMatchObject(packages);
    expect(Object.entries(all).filter(([place]) => !(place in packages))).toEqual([
      [
        'node_modules/@x/linux-arm64-musl',
        { version: '1.0.0', cpu: ['arm64'], dev: true, libc: ['musl'], optional: true, os: ['linux'] },
      ],
      ['node_modules/@x/wasm32-wasi', { version: '1.0.0', cpu: ['wasm32'], dev: true, optional: true }],
      [
        'node_modules/@x/win32-ia32-msvc',
        { version: '1.0.0', cpu: ['ia32'], dev: true, optional: true, os: ['win32'] },
      ],
      ['node_modules/@y/darwin-arm64', { version: '2.0.0', cpu: ['arm64'], optional: true, os: ['darwin'] }],
    ]);
  });

  it('gets each where its parent finds it: beside it, unless another version is there', () => {
    const optionalDependencies = { '@x/linux-x64': '2.0.0', '@x/linux-arm64': '2.0.0' };
    const inner = 'node_modules/y/node_modules/x';
    const places = Object.keys(
      completed({
        'node_modules/@x/linux-x64': { version: '1.0.0' },
        'node_modules/y/node_modules/@x/linux-arm64': { version: '2.0.0' },
        [inner]: { version: '2.0.0', optionalDependencies },
      }),
    );
    expect(places).toEqual([
      'node_modules/@x/linux-x64',
      'node_modules/y/node_modules/@x/linux-arm64',
      inner,
      `${inner}/node_modules/@x/linux-x64`,
    ]);
  });

  it('is left alone where version or platform cannot be told', () => {
    const packages: LockedPackages = {
      'node_modules/x': {
        version: '1.0.0',
        optionalDependencies: { '@x/linux-x64': '^1.0.0', fsevents: '2.3.3' },
      },
    };
    expect(completed(packages)).toEqual(packages);
  });
});

it('package-lock.json names every platform; npm run lock mends it', () => {
  const { packages }: { packages: LockedPackages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
  expect(Object.entries(completed(packages))).toEqual(Object.entries(packages));
});
