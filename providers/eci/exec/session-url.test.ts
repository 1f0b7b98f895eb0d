import { expect, test } from 'vitest';
import { sessionUrl } from './session-url.ts';

const real = new URL('https://eci.cn-hangzhou.aliyuncs.com');
const fake = new URL('http://127.0.0.1:4000');

test.each([
  ['wss://eci-cn-hangzhou.aliyun.com/exec/?s=one', real],
  ['wss://eci-cn-hangzhou.aliyun.com/exec/?s=one', fake],
  ['ws://127.0.0.1:4000/exec/?s=one', fake],
])('%s of %s is taken', (text, endpoint) => {
  expect(sessionUrl(text, endpoint).href).toBe(text);
});

test.each([
  ['ws://eci-cn-hangzhou.aliyun.com/exec/?s=one', real, 'is not encrypted (ws:)'],
  ['ws://127.0.0.1:4000/exec/?s=one', real, 'is not encrypted (ws:)'],
  ['ws://10.0.0.1:4000/exec/?s=one', fake, 'is not encrypted (ws:)'],
  ['https://eci-cn-hangzhou.aliyun.com/exec/?s=one', real, 'is not encrypted (https:)'],
  [undefined, real, 'has no WebSocketUri'],
  ['?s=one', real, 'has no WebSocketUri'],
])('%s of %s is refused, and not repeated', (text, endpoint, expected) => {
  expect(() => sessionUrl(text, endpoint)).toThrow(expected);
  expect(() => sessionUrl(text, endpoint)).not.toThrow('s=one');
});
