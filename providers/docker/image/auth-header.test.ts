import { expect, test } from 'vitest';
import { authHeader } from './auth-header.ts';

test('the header is base64 for URLs, as the engine wants it', () => {
  const header = authHeader({ server: 's', username: 'u??>', password: 'p~~>' });
  expect(header).toMatch(/^(?:[\w-]{4})*(?:[\w-]{2}==|[\w-]{3}=)?$/);
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
    username: 'u??>',
    password: 'p~~>',
    serveraddress: 's',
  });
});
