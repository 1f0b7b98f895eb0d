import { expect, test } from 'vitest';
import { requestAttributes } from './attributes.ts';

test.each([
  ['GET', '/containerLogs/ns/p/c', 'get', ['proxy']],
  ['POST', '/exec/ns/p/c', 'create', ['proxy']],
  ['GET', '/exec/ns/p/c', 'get', ['proxy']],
  ['GET', '/metrics/resource', 'get', ['metrics']],
  ['GET', '/stats/summary', 'get', ['stats']],
  ['GET', '/logs/messages', 'get', ['log']],
  ['POST', '/checkpoint/ns/p/c', 'create', ['checkpoint']],
  ['GET', '/pods', 'get', ['pods', 'proxy']],
  ['GET', '/runningpods/', 'get', ['pods', 'proxy']],
  ['GET', '/healthz', 'get', ['healthz', 'proxy']],
  ['GET', '/configz', 'get', ['configz', 'proxy']],
  ['GET', '/', 'get', ['proxy']],
])('%s %s asks for %s on %j', (method, path, verb, subresources) => {
  expect(requestAttributes(method, path)).toEqual({ verb, subresources });
});
