import { expect, test } from 'vitest';
import { Family } from './exposition.ts';
import { createMetrics } from './metrics.ts';

test('a family is written in the text format of Prometheus', () => {
  const family = new Family('counter', 'jobs_total', 'Jobs.');
  family.add({ who: 'a "b"\\\n' });
  family.add({ who: 'a "b"\\\n' }, 2);
  family.set({}, 0.5);
  expect(family.text()).toBe(
    '# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total{who="a \\"b\\"\\\\\\n"} 3\njobs_total 0.5\n',
  );
});

test('the daemon counts its calls and looks at its nodes when asked', () => {
  const metrics = createMetrics();
  let pods = 1;
  metrics.observeNode('burst-0', () => ({ pods, instances: 2, queueDepth: 0, statusQueueDepth: 0 }));
  metrics.apiCall({ verb: 'patch', resource: 'pods/status', code: '200' });
  metrics.providerCall({ provider: 'mock', call: 'create', outcome: 'ok', seconds: 0.25 });
  pods = 7;
  const { text } = metrics.render();
  expect(text).toContain('burstlet_pods{node="burst-0"} 7\n');
  expect(text).toContain('burstlet_api_requests_total{verb="patch",resource="pods/status",code="200"} 1\n');
  expect(text).toContain('burstlet_provider_call_seconds_total{provider="mock",call="create"} 0.25\n');
});
