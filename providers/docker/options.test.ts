import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readDockerOptions } from './options.ts';

test('everything may be left out', () => {
  expect(readDockerOptions({})).toEqual({
    instances: 110,
    network: 'bridge',
    pidsLimit: 0,
    logMaxBytes: 10_485_760,
    logMaxFiles: 5,
    gpus: 0,
  });
  expect(readDockerOptions({ host: 'unix:///x', instances: 5 })).toMatchObject({
    host: 'unix:///x',
    instances: 5,
  });
});

test('thresholds are two percentages', () => {
  const imageGarbageCollection = { highThresholdPercent: 85, lowThresholdPercent: 80 };
  expect(readDockerOptions({ imageGarbageCollection })).toMatchObject({ imageGarbageCollection });
});

test('the documented defaults are those of the code', () => {
  const page = readFileSync(new URL('../../docs/reference/docker-provider.md', import.meta.url), 'utf8');
  for (const [name, value] of Object.entries(readDockerOptions({})))
    expect(page).toMatch(new RegExp(`^\\| \`${name}\` \\|.*\\| \`?${value}\`? \\|$`, 'm'));
});

test.each([
  [
    { instance: 5 },
    'provider.options.instance: there is no such option; correct it to one of host, instances, network',
  ],
  [
    { instances: 0 },
    'provider.options.instances: expected a whole number of 1 or more, found 0; leave it out for 110',
  ],
  [{ logMaxFiles: '5' }, 'provider.options.logMaxFiles: expected a whole number of 2 or more, found "5"'],
  [{ host: 5 }, 'provider.options.host: expected text, found 5'],
  [{ network: 'host' }, 'provider.options.network: host gives a Pod no address of its own'],
  [{ imageGarbageCollection: true }, 'expected {highThresholdPercent, lowThresholdPercent}, found true'],
  [
    { imageGarbageCollection: { highThresholdPercent: 80, lowThresholdPercent: 80 } },
    'imageGarbageCollection.lowThresholdPercent: expected less than highThresholdPercent, found 80',
  ],
  [
    { imageGarbageCollection: { highThresholdPercent: 101 } },
    'imageGarbageCollection.highThresholdPercent: expected a whole number from 1 to 100, found 101',
  ],
])('%j is refused', (options, message) => {
  expect(() => readDockerOptions(options)).toThrow(message);
});

test('every fault is told at once', () => {
  const read = () => readDockerOptions({ instances: 0, network: 'none', gpu: 1 });
  for (const key of ['instances', 'network', 'gpu']) expect(read).toThrow(`provider.options.${key}: `);
});
