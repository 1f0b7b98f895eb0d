import { type Exposed, exposition, Family, Histogram } from './exposition.ts';

/** What the daemon counts of itself; names and labels stand in docs/reference/metrics.md. */
export interface Metrics {
  /** One request to the API server. */
  apiCall(call: {
    readonly verb: string;
    readonly resource: string;
    readonly code: string;
    readonly seconds: number;
  }): void;
  /** One call to a provider; `outcome` is `ok` or the kind of its error. */
  providerCall(call: {
    readonly provider: string;
    readonly call: string;
    readonly outcome: string;
    readonly seconds: number;
  }): void;
  /** A Pod came to its turn after so long in the queue. */
  queueWait(node: string, seconds: number): void;
  /** The API server took a status so long after it was known. */
  statusLag(node: string, seconds: number): void;
  /** A certificate request came to its end, or was given up. */
  certificateRequest(request: {
    readonly node: string;
    readonly usage: CertificateUsage;
    readonly outcome: 'issued' | 'denied' | 'failed';
  }): void;
  /** Asked for at each scrape. */
  observeNode(node: string, look: () => NodeFigures): void;
  observeCertificate(node: string, usage: CertificateUsage, look: () => CertificateFigures): void;
  render(): { readonly contentType: string; readonly text: string };
}

export type CertificateUsage = 'server' | 'client';

export interface NodeFigures {
  readonly pods: number;
  readonly instances: number;
  /** Instances without a Pod. */
  readonly orphans: number;
  /** Keys that wait or run. */
  readonly queueDepth: number;
  readonly statusQueueDepth: number;
  /** Connections that carry a stream now, by kind: `exec`, `attach`, ... */
  readonly streams: Readonly<Record<string, number>>;
  /** What its instances cost, where they are bought. */
  readonly spending: readonly SpendingFigure[];
}

export interface SpendingFigure {
  readonly namespace: string;
  /** `Deployment/web`; '' = Pods of nobody. */
  readonly owner: string;
  readonly market: string;
  /** ISO 4217. */
  readonly currency: string;
  readonly perSecond: number;
  readonly total: number;
}

export interface CertificateFigures {
  /** Milliseconds since the epoch; undefined = there is none. */
  readonly expiresAt: number | undefined;
  /** A request for another one waits for its approval. */
  readonly pending: boolean;
}

interface ObservedCertificate {
  readonly labels: { readonly node: string; readonly usage: CertificateUsage };
  readonly look: () => CertificateFigures;
}

/** Seconds. From a call on loopback to one that waits for a cloud. */
const callSeconds = [0.005, 0.025, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds. A Pod that begins is told of after a second, one that leaves after ten: from there on it is late. */
const lagSeconds = [0.01, 0.05, 0.1, 0.5, 1, 2, 5, 10, 15, 30, 60, 300];

export function createMetrics(): Metrics {
  const apiRequests = new Family('counter', 'burstlet_api_requests_total', 'Requests to the API server.');
  const apiSeconds = new Histogram(
    'burstlet_api_request_duration_seconds',
    'Time that requests to the API server took, watches to their opening.',
    callSeconds,
  );
  const providerCalls = new Family(
    'counter',
    'burstlet_provider_calls_total',
    'Calls to providers by outcome.',
  );
  const providerSeconds = new Histogram(
    'burstlet_provider_call_duration_seconds',
    'Time that calls to providers took.',
    callSeconds,
  );
  const queueSeconds = new Histogram(
    'burstlet_queue_wait_seconds',
    'Time that Pods waited for their turn.',
    callSeconds,
  );
  const statusSeconds = new Histogram(
    'burstlet_status_lag_seconds',
    'Time from a status that is known to its place in the API server.',
    lagSeconds,
  );
  const certificateRequests = new Family(
    'counter',
    'burstlet_certificate_requests_total',
    'Certificate signing requests that came to an end.',
  );
  const nodes = new Map<string, () => NodeFigures>();
  const certificates = new Map<string, ObservedCertificate>();
  return {
    apiCall({ verb, resource, code, seconds }) {
      apiRequests.add({ verb, resource, code });
      apiSeconds.observe({ verb }, seconds);
    },
    providerCall({ provider, call, outcome, seconds }) {
      providerCalls.add({ provider, call, outcome });
      providerSeconds.observe({ provider, call }, seconds);
    },
    queueWait: (node, seconds) => queueSeconds.observe({ node }, seconds),
    statusLag: (node, seconds) => statusSeconds.observe({ node }, seconds),
    certificateRequest: ({ node, usage, outcome }) => certificateRequests.add({ node, usage, outcome }),
    observeNode: (node, look) => nodes.set(node, look),
    observeCertificate: (node, usage, look) =>
      certificates.set(`${usage} ${node}`, { labels: { node, usage }, look }),
    render() {
      const expiry = new Family(
        'gauge',
        'burstlet_certificate_expiry_timestamp_seconds',
        'When the certificate ends, in seconds since the epoch.',
      );
      const pending = new Family(
        'gauge',
        'burstlet_certificate_request_pending',
        '1 while a certificate signing request waits for its approval.',
      );
      for (const { labels, look } of certificates.values()) {
        const { expiresAt, pending: waits } = look();
        if (expiresAt !== undefined) expiry.set(labels, expiresAt / 1000);
        pending.set(labels, waits ? 1 : 0);
      }
      return exposition([
        ...[apiRequests, apiSeconds, providerCalls, providerSeconds, queueSeconds, statusSeconds],
        ...nodeFamilies(nodes),
        ...[certificateRequests, pending, expiry],
        ...processFamilies(),
      ]);
    },
  };
}

type Figure = Exclude<keyof NodeFigures, 'streams' | 'spending'>;

const nodeGauges: readonly (readonly [figure: Figure, name: string, help: string])[] = [
  ['pods', 'burstlet_pods', 'Pods bound to the node.'],
  ['instances', 'burstlet_instances', 'Instances that the provider lists for the node.'],
  ['orphans', 'burstlet_orphaned_instances', 'Instances whose Pod is not there any more.'],
  ['queueDepth', 'burstlet_queue_depth', 'Pods that wait for work or are worked on.'],
  ['statusQueueDepth', 'burstlet_status_queue_depth', 'Pod statuses that wait to be written.'],
];

function nodeFamilies(nodes: ReadonlyMap<string, () => NodeFigures>): Exposed[] {
  const seen = [...nodes].map(([node, look]) => ({ node, figures: look() }));
  const streams = new Family('gauge', 'burstlet_streams', 'Connections of the node API that carry a stream.');
  for (const { node, figures } of seen)
    for (const [kind, count] of Object.entries(figures.streams)) streams.set({ node, kind }, count);
  const rate = new Family(
    'gauge',
    'burstlet_cost_per_second',
    'What the instances that run cost per second, at list prices.',
  );
  const spent = new Family(
    'counter',
    'burstlet_cost_total',
    'What instances have cost since the daemon started.',
  );
  for (const { node, figures } of seen)
    for (const { namespace, owner, market, currency, perSecond, total } of figures.spending) {
      rate.set({ node, namespace, owner, market, currency }, perSecond);
      spent.set({ node, namespace, owner, market, currency }, total);
    }
  const gauges = nodeGauges.map(([figure, name, help]) => {
    const family = new Family('gauge', name, help);
    for (const { node, figures } of seen) family.set({ node }, figures[figure]);
    return family;
  });
  return [...gauges, streams, rate, spent];
}

function processFamilies(): Exposed[] {
  const { user, system } = process.cpuUsage();
  const cpu = new Family('counter', 'process_cpu_seconds_total', 'User and system CPU time of the daemon.');
  const memory = new Family('gauge', 'process_resident_memory_bytes', 'Resident memory of the daemon.');
  const start = new Family(
    'gauge',
    'process_start_time_seconds',
    'When the daemon started, in seconds since the epoch.',
  );
  const peak = new Family(
    'gauge',
    'burstlet_peak_resident_memory_bytes',
    'Largest resident memory of the daemon so far.',
  );
  cpu.set({}, (user + system) / 1e6);
  memory.set({}, process.memoryUsage.rss());
  start.set({}, Math.round(performance.timeOrigin) / 1000);
  peak.set({}, process.resourceUsage().maxRSS * 1024);
  return [cpu, memory, start, peak];
}
