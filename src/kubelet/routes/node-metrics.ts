import type { FastifyInstance, FastifyReply } from 'fastify';
import { type Capacity, providerErrorKind } from '../../../providers/contract/index.ts';
import { type Exposed, exposition } from '../../telemetry/exposition.ts';
import type { NodeView } from '../node-view.ts';
import { cadvisorMetrics } from '../stats/cadvisor-metrics.ts';
import { measuredPods } from '../stats/pod-index.ts';
import type { ProbeCounts } from '../stats/probe-counts.ts';
import { resourceMetrics, scrapeErrors } from '../stats/resource-metrics.ts';
import { type DaemonUsage, summaryOf } from '../stats/summary.ts';
import type { UsageSource } from '../stats/usage-source.ts';

export interface NodeMetricsDeps {
  readonly nodeName: string;
  readonly view: NodeView;
  readonly usage: UsageSource;
  readonly probes: ProbeCounts;
  readonly capacity: () => Capacity;
  /** The answer to GET /metrics: what the daemon counts of itself. */
  readonly metrics: () => { readonly contentType: string; readonly text: string };
}

/** /metrics and the pages below it, and /stats/summary: what Prometheus, metrics-server and dashboards scrape. */
export function nodeMetrics(server: FastifyInstance, deps: NodeMetricsDeps): void {
  const { view, usage, probes } = deps;

  server.get('/metrics', async (_, reply) => send(reply, deps.metrics()));

  server.get('/metrics/resource', async (_, reply) => {
    const now = await usage.latest().catch(() => undefined);
    const families = now === undefined ? [] : resourceMetrics(now, measuredPods(view.pods(), now));
    return send(reply, exposition([...families, ...scrapeErrors(now === undefined)]));
  });

  server.get('/metrics/cadvisor', async (_, reply) => {
    let families: readonly Exposed[];
    try {
      const now = await usage.latest();
      families = cadvisorMetrics({
        usage: now,
        pods: measuredPods(view.pods(), now),
        instance: ({ namespace, name }) => view.pod(namespace, name)?.instance,
        capacity: deps.capacity(),
      });
    } catch (error) {
      // A page without a container would tell that none runs.
      return refuse(reply, error);
    }
    return send(reply, exposition(families));
  });

  server.get('/metrics/probes', async (_, reply) => {
    const uids = new Set(view.pods().map(({ metadata }) => metadata?.uid ?? ''));
    return send(reply, exposition(probes.families((uid) => uids.has(uid))));
  });

  server.route<{ Querystring: { readonly only_cpu_and_memory?: string } }>({
    method: ['GET', 'POST'],
    url: '/stats/summary',
    async handler({ query }, reply) {
      try {
        const now = await usage.latest();
        return summaryOf({
          nodeName: deps.nodeName,
          usage: now,
          pods: measuredPods(view.pods(), now),
          capacity: deps.capacity(),
          daemon: daemonUsage(),
          onlyCpuAndMemory: query.only_cpu_and_memory === 'true',
        });
      } catch (error) {
        return refuse(reply, error);
      }
    },
  });
}

function send(
  reply: FastifyReply,
  { contentType, text }: { readonly contentType: string; readonly text: string },
): FastifyReply {
  return reply.type(contentType).send(text);
}

function refuse(reply: FastifyReply, error: unknown): FastifyReply {
  const message = error instanceof Error ? error.message : String(error);
  if (providerErrorKind(error) === 'Unsupported') return reply.code(501).send(`${message}\n`);
  return reply.code(500).send(`Internal Error: ${message}\n`);
}

function daemonUsage(): DaemonUsage {
  const { user, system } = process.cpuUsage();
  return {
    startedAt: Math.round(performance.timeOrigin),
    cpuNanoSeconds: (user + system) * 1000,
    residentBytes: process.memoryUsage.rss(),
  };
}
