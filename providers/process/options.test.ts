import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readProcessOptions } from './options.ts';

describe('options of the process provider', () => {
  it('are all optional', () => {
    expect(readProcessOptions({})).toEqual({ instances: 110, logMaxBytes: 10_485_760, logMaxFiles: 5 });
    expect(readProcessOptions({ instances: 5 }).instances).toBe(5);
  });

  it.each([
    [
      { instance: 5 },
      'provider.options.instance: there is no such option; correct it to one of instances, logMaxBytes, logMaxFiles, or remove it',
    ],
    [
      { logMaxBytes: '10Mi' },
      'provider.options.logMaxBytes: expected a whole number of 1 or more, found "10Mi"; leave it out for 10485760',
    ],
    [{ instances: 0 }, 'provider.options.instances: expected a whole number of 1 or more, found 0'],
    [{ instances: 1.5 }, 'provider.options.instances: expected a whole number'],
    [{ logMaxFiles: 1 }, 'provider.options.logMaxFiles: expected a whole number of 2 or more, found 1'],
    [{ logMaxFiles: null }, 'found null'],
    [{ toString: 1 }, 'provider.options.toString: there is no such option'],
  ])('%j is refused with the key, what is allowed, and what to do', (options, message) => {
    expect(() => readProcessOptions(options)).toThrow(message);
  });

  it('are refused all at once', () => {
    const read = () => readProcessOptions({ instances: 0, logMaxFiles: 1, size: 5 });
    for (const key of ['instances', 'logMaxFiles', 'size']) expect(read).toThrow(`provider.options.${key}: `);
  });

  it('stand in docs/reference/process-provider.md with their defaults', () => {
    const page = readFileSync(new URL('../../docs/reference/process-provider.md', import.meta.url), 'utf8');
    const rows = [...page.matchAll(/^\| `(\w+)` \|.*\| ([\d,]+) \|$/gm)];
    expect(
      Object.fromEntries(rows.map(([, key, value]) => [key, Number(value?.replaceAll(',', ''))])),
    ).toEqual(readProcessOptions({}));
  });
});
