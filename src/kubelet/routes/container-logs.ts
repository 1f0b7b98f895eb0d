import { once } from 'node:events';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import {
  type Instance,
  type InstanceProvider,
  type LogEntry,
  providerErrorKind,
} from '../../../providers/contract/index.ts';
import { type Clock, pause } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { isBad, type LogOptions, parseLogOptions } from '../logs/log-options.ts';
import { logTarget } from '../logs/log-target.ts';
import { LogWriter } from '../logs/log-writer.ts';
import type { NodeView } from '../node-view.ts';

export interface ContainerLogsDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly view: NodeView;
  readonly provider: InstanceProvider;
  /** Fires when the server closes: streams end. */
  readonly closing: AbortSignal;
}

interface Params {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

/** A log that says nothing for so long gets its headers all the same. */
const silenceMs = 50;

/** GET /containerLogs/{namespace}/{pod}/{container}: what `kubectl logs` reads, through the API server. */
export function containerLogs(server: FastifyInstance, deps: ContainerLogsDeps): void {
  server.get<{ Params: Params }>('/containerLogs/:namespace/:pod/:container', async (request, reply) => {
    const { namespace, pod: name, container } = request.params;
    const query = new URL(request.url, 'https://node').searchParams;
    const options = parseLogOptions(query, deps.clock.now());
    if (isBad(options)) return reply.code(options.status).send(options.text);
    const found = deps.view.pod(namespace, name);
    if (found === undefined) return reply.code(404).send(`pod "${name}" does not exist`);
    const target = logTarget(found.pod, container, options.query.previous);
    if (target.kind === 'none') return reply.code(target.status).send(target.text);
    if (found.instance === undefined)
      return reply.code(400).send(`container "${container}" in pod "${name}" is not available`);
    if (deps.provider.logs === undefined)
      return reply.code(501).send(`provider ${deps.provider.name} has no logs`);
    return stream(deps, request, reply, found.instance, container, options);
  });
}

async function stream(
  deps: ContainerLogsDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  instance: Instance,
  container: string,
  options: LogOptions,
): Promise<FastifyReply> {
  const gone = new AbortController();
  const abort = (): void => gone.abort();
  request.raw.socket.once('close', abort);
  const signal = AbortSignal.any([gone.signal, deps.closing]);
  const entries = deps.provider
    .logs?.(instance.ref, { ...options.query, container }, signal)
    [Symbol.asyncIterator]();
  try {
    // The first entry tells whether there is a log at all, but a silent log must answer too: headers go out at once.
    const first = entries?.next() ?? Promise.resolve({ done: true as const, value: undefined });
    const early = await Promise.race([
      first.then(() => 'entry', rethrow),
      pause(deps.clock, silenceMs).then(() => 'silence' as const),
    ]);
    reply.hijack();
    reply.raw.writeHead(200, { 'transfer-encoding': 'chunked' });
    reply.raw.flushHeaders();
    deps.log.debug({ container, early }, 'log stream begins');
    await pump(
      reply,
      first,
      entries,
      new LogWriter({ timestamps: options.timestamps, limitBytes: options.limitBytes }),
      signal,
    );
    reply.raw.end();
  } catch (error) {
    if (!reply.raw.headersSent) return answerError(reply, error, container);
    if (!signal.aborted) deps.log.warn({ container, error: String(error) }, 'a log stream broke');
    reply.raw.destroy();
  } finally {
    gone.abort();
    request.raw.socket.off('close', abort);
    await entries?.return?.().catch(() => undefined);
  }
  return reply;
}

function rethrow(error: unknown): never {
  throw error;
}

async function pump(
  reply: FastifyReply,
  first: Promise<IteratorResult<LogEntry>>,
  entries: AsyncIterator<LogEntry> | undefined,
  writer: LogWriter,
  signal: AbortSignal,
): Promise<void> {
  for (let next = await first; !next.done && entries !== undefined; next = await entries.next()) {
    const bytes = writer.bytes(next.value);
    if (bytes.length > 0 && !reply.raw.write(bytes)) await once(reply.raw, 'drain', { signal });
    if (writer.full) return;
  }
}

function answerError(reply: FastifyReply, error: unknown, container: string): FastifyReply {
  const message = error instanceof Error ? error.message : String(error);
  const kind = providerErrorKind(error);
  if (kind === 'NotFound')
    return reply.code(404).send(`the log of container "${container}" is gone: ${message}`);
  return reply.code(kind === 'Unsupported' ? 501 : 500).send(message);
}
