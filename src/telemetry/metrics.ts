import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** What the daemon counts of itself; names and labels stand in docs/reference/metrics.md. */
export interface Metrics {
  /** One call to the API server. */
  apiCall(call: { readonly verb: string; readonly resource: string; readonly code: string }): void;
  /** One call to a provider; `outcome` is `ok` or the kind of its error. */
  providerCall(call: {
    readonly provider: string;
    readonly call: string;
    readonly outcome: string;
    readonly seconds: number;
  }): void;
  /** Asked for at each scrape. */
  observeNode(node: string, look: () => NodeFigures): void;
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

export interface NodeFigures {
  readonly pods: number;
  readonly instances: number;
  /** Keys that wait or run. */
  readonly queueDepth: number;
  readonly statusQueueDepth: number;
}

export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  const nodes = new Map<string, () => NodeFigures>();
  const apiCalls = new Counter({
    ...{ name: 'burstlet_api_requests_total', help: 'Requests to the API server', registers },
    labelNames: ['verb', 'resource', 'code'],
  });
  const providerCalls = new Histogram({
    ...{ name: 'burstlet_provider_call_seconds', help: 'Calls to providers, by outcome', registers },
    labelNames: ['provider', 'call', 'outcome'],
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
  });
  const gauge = (name: string, help: string, figure: keyof NodeFigures): void => {
    new Gauge({
      ...{ name, help, registers },
      labelNames: ['node'],
      collect() {
        for (const [node, look] of nodes) this.set({ node }, look()[figure]);
      },
    });
  };
  gauge('burstlet_pods', 'Pods bound to the node', 'pods');
  gauge('burstlet_instances', 'Instances that the provider lists for the node', 'instances');
  gauge('burstlet_queue_depth', 'Pods that wait for work or are worked on', 'queueDepth');
  gauge('burstlet_status_queue_depth', 'Pod statuses that wait to be written', 'statusQueueDepth');
  new Gauge({
    ...{ name: 'process_resident_memory_bytes', help: 'Resident memory of the daemon', registers },
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    ...{
      name: 'burstlet_peak_resident_memory_bytes',
      help: 'Largest resident memory of the daemon so far',
      registers,
    },
    collect() {
      this.set(process.resourceUsage().maxRSS * 1024);
    },
  });
  new Gauge({
    ...{ name: 'process_cpu_seconds_total', help: 'User and system CPU time of the daemon', registers },
    collect() {
      const { user, system } = process.cpuUsage();
      this.set((user + system) / 1e6);
    },
  });
  return {
    apiCall: ({ verb, resource, code }) => apiCalls.inc({ verb, resource, code }),
    providerCall: ({ provider, call, outcome, seconds }) =>
      providerCalls.observe({ provider, call, outcome }, seconds),
    observeNode: (node, look) => nodes.set(node, look),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}
