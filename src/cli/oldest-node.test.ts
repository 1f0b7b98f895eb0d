import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { nodeTrouble } from './oldest-node.ts';

test('says what is needed, as package.json has it', () => {
  const file = new URL('../../package.json', import.meta.url);
  const { engines }: { engines: { node: string } } = JSON.parse(readFileSync(file, 'utf8'));
  const needed = engines.node.replace('>=', 'burstlet needs Node.js >= ');
  expect(nodeTrouble('20.20.2')).toBe(`${needed}, this is v20.20.2`);
  expect(nodeTrouble('22.18.9')).toBe(`${needed}, this is v22.18.9`);
});

test.each(['22.19.0', '23.0.0', '24.21.0'])('%s will do', (version) => {
  expect(nodeTrouble(version)).toBeUndefined();
});
