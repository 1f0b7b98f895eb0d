import { contentType, Family } from './exposition.ts';

/** What the daemon counts of itself; names and labels stand in docs/reference/metrics.md. */
export interface Metrics {
  /** One request to the API server. */
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
  render(): { readonly contentType: string; readonly text: string };
}

export interface NodeFigures {
  readonly pods: number;
  readonly instances: number;
  /** Keys that wait or run. */
  readonly queueDepth: number;
  readonly statusQueueDepth: number;
}

export function createMetrics(): Metrics {
  const apiRequests = new Family('counter', 'burstlet_api_requests_total', 'Requests to the API server.');
  const providerCalls = new Family(
    'counter',
    'burstlet_provider_calls_total',
    'Calls to providers by outcome.',
  );
  const providerSeconds = new Family(
    'counter',
    'burstlet_provider_call_seconds_total',
    'Time spent in calls to providers.',
  );
  const nodes = new Map<string, () => NodeFigures>();
  return {
    apiCall: ({ verb, resource, code }) => apiRequests.add({ verb, resource, code }),
    providerCall({ provider, call, outcome, seconds }) {
      providerCalls.add({ provider, call, outcome });
      providerSeconds.add({ provider, call }, seconds);
    },
    observeNode: (node, look) => nodes.set(node, look),
    render() {
      const families = [
        apiRequests,
        providerCalls,
        providerSeconds,
        ...nodeFamilies(nodes),
        ...processFamilies(),
      ];
      return { contentType, text: families.map((family) => family.text()).join('') };
    },
  };
}

const nodeGauges: readonly (readonly [figure: keyof NodeFigures, name: string, help: string])[] = [
  ['pods', 'burstlet_pods', 'Pods bound to the node.'],
  ['instances', 'burstlet_instances', 'Instances that the provider lists for the node.'],
  ['queueDepth', 'burstlet_queue_depth', 'Pods that wait for work or are worked on.'],
  ['statusQueueDepth', 'burstlet_status_queue_depth', 'Pod statuses that wait to be written.'],
];

function nodeFamilies(nodes: ReadonlyMap<string, () => NodeFigures>): Family[] {
  return nodeGauges.map(([figure, name, help]) => {
    const family = new Family('gauge', name, help);
    for (const [node, look] of nodes) family.set({ node }, look()[figure]);
    return family;
  });
}

function processFamilies(): Family[] {
  const { user, system } = process.cpuUsage();
  const cpu = new Family('counter', 'process_cpu_seconds_total', 'User and system CPU time of the daemon.');
  const memory = new Family('gauge', 'process_resident_memory_bytes', 'Resident memory of the daemon.');
  const peak = new Family(
    'gauge',
    'burstlet_peak_resident_memory_bytes',
    'Largest resident memory of the daemon so far.',
  );
  cpu.set({}, (user + system) / 1e6);
  memory.set({}, process.memoryUsage.rss());
  peak.set({}, process.resourceUsage().maxRSS * 1024);
  return [cpu, memory, peak];
}
