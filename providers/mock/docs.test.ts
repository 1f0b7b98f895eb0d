import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { mockCallKinds } from './call.ts';
import { createProvider, defaultProgram } from './index.ts';
import { readScript } from './script.ts';

const page = readFileSync(new URL('../../docs/reference/mock-provider.md', import.meta.url), 'utf8');

function example(name: string): unknown {
  const found = new RegExp(`^\`\`\`json ${name}\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1];
  return JSON.parse(found ?? 'no such example');
}

describe('docs/reference/mock-provider.md', () => {
  it('shows a script that can be read', () => {
    expect(readScript(example('script'), 'example').containers['*']?.onTerm).toBe('ignore');
  });

  it('shows options that can be read', () => {
    expect(createProvider({ options: example('options') as Record<string, unknown> }).name).toBe('mock');
  });

  it('names every field of a program and every call', () => {
    for (const word of [...Object.keys(defaultProgram), ...mockCallKinds])
      expect(page).toContain(`\`${word}\``);
  });
});
