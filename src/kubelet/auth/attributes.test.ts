import { expect, test } from 'vitest';
import { requestAttributes } from './attributes.ts';

/** Each path that a kubelet has, and what it asks for (pkg/kubelet/server/auth.go, auth_test.go). */
const paths: readonly (readonly [path: string, subresources: readonly string[]])[] = [
  ['/attach/ns/p/c', ['proxy']],
  ['/checkpoint/ns/p/c', ['checkpoint']],
  ['/configz', ['configz', 'proxy']],
  ['/containerLogs/ns/p/c', ['proxy']],
  ['/debug/flags/v', ['proxy']],
  ['/debug/pprof/profile', ['proxy']],
  ['/exec/ns/p/c', ['proxy']],
  ['/exec/ns/p/uid/c', ['proxy']],
  ['/flagz', ['configz']],
  ['/healthz', ['healthz', 'proxy']],
  ['/healthz/log', ['healthz', 'proxy']],
  ['/healthz/ping', ['healthz', 'proxy']],
  ['/healthz/syncloop', ['healthz', 'proxy']],
  ['/logs/', ['log']],
  ['/logs/messages', ['log']],
  ['/metrics', ['metrics']],
  ['/metrics/cadvisor', ['metrics']],
  ['/metrics/probes', ['metrics']],
  ['/metrics/resource', ['metrics']],
  ['/pods', ['pods', 'proxy']],
  ['/pods/', ['pods', 'proxy']],
  ['/portForward/ns/p', ['proxy']],
  ['/run/ns/p/c', ['proxy']],
  ['/runningpods/', ['pods', 'proxy']],
  ['/stats/summary', ['stats']],
  ['/statusz', ['statusz']],
  // What is not known asks for the most.
  ['/', ['proxy']],
  ['//metrics', ['proxy']],
  ['/metricsfoo', ['proxy']],
  ['/METRICS', ['proxy']],
];
const methods = { GET: 'get', HEAD: 'get', POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' };

test.each(paths)('%s asks for %j, with the verb of the method', (path, subresources) => {
  for (const [method, verb] of Object.entries(methods))
    expect(requestAttributes(method, path)).toEqual({ verb, subresources });
});
