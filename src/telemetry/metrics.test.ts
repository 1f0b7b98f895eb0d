import { expect, test } from 'vitest';
import { Family, Histogram } from './exposition.ts';
import { createMetrics } from './metrics.ts';

test('a family is written in the text format of Prometheus', () => {
  const family = new Family('counter', 'jobs_total', 'Jobs.');
  family.add({ who: 'a "b"\\\n' });
  family.add({ who: 'a "b"\\\n' }, 2);
  family.set({}, 0.5, 1_700_000_000_123);
  expect(family.text()).toBe(
    '# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total{who="a \\"b\\"\\\\\\n"} 3\njobs_total 0.5 1700000000123\n',
  );
});

test('a histogram counts each value in every bucket that it fits in', () => {
  const histogram = new Histogram('took_seconds', 'Time.', [0.1, 1]);
  for (const value of [0.1, 0.5, 7]) histogram.observe({ verb: 'get' }, value);
  expect(histogram.text().split('\n').slice(1)).toEqual([
    '# TYPE took_seconds histogram',
    'took_seconds_bucket{verb="get",le="0.1"} 1',
    'took_seconds_bucket{verb="get",le="1"} 2',
    'took_seconds_bucket{verb="get",le="+Inf"} 3',
    'took_seconds_sum{verb="get"} 7.6',
    'took_seconds_count{verb="get"} 3',
    '',
  ]);
});

test('the daemon counts its calls and looks at its nodes when asked', () => {
  const metrics = createMetrics();
  let pods = 1;
  const figures = {
    instances: 2,
    orphans: 1,
    queueDepth: 0,
    statusQueueDepth: 0,
    streams: { exec: 3 },
    spending: [
      { namespace: 'shop', owner: 'Job/a', market: 'spot', currency: 'USD', perSecond: 0.5, total: 7 },
    ],
  };
  metrics.observeNode('burst-0', () => ({ pods, ...figures }));
  metrics.apiCall({ verb: 'patch', resource: 'pods/status', code: '200', seconds: 0.02 });
  metrics.providerCall({ provider: 'mock', call: 'create', outcome: 'ok', seconds: 0.25 });
  metrics.statusLag('burst-0', 0.2);
  metrics.observeCertificate('burst-0', 'server', () => ({ expiresAt: undefined, pending: true }));
  pods = 7;
  const { text } = metrics.render();
  expect(text).toContain('burstlet_pods{node="burst-0"} 7\n');
  expect(text).toContain('burstlet_orphaned_instances{node="burst-0"} 1\n');
  expect(text).toContain('burstlet_streams{node="burst-0",kind="exec"} 3\n');
  expect(text).toContain('burstlet_api_requests_total{verb="patch",resource="pods/status",code="200"} 1\n');
  expect(text).toContain('burstlet_api_request_duration_seconds_bucket{verb="patch",le="0.025"} 1\n');
  expect(text).toContain('burstlet_provider_call_duration_seconds_sum{provider="mock",call="create"} 0.25\n');
  expect(text).toContain('burstlet_status_lag_seconds_count{node="burst-0"} 1\n');
  expect(text).toContain('burstlet_certificate_request_pending{node="burst-0",usage="server"} 1\n');
  expect(text).not.toContain('burstlet_certificate_expiry_timestamp_seconds{');
});
