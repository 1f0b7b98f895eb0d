import type { ForwardedConnection } from '../../../../providers/contract/index.ts';
import type { Clock } from '../../../telemetry/clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { ForwardClient, ForwardPair } from './client.ts';
import { wordsOf } from './command-session.ts';
import { SessionLife } from './session-life.ts';

export interface ForwardSessionDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly client: ForwardClient;
  readonly closing: AbortSignal;
  /** The Pod as clients know it; they are told it when a connection fails. */
  readonly pod: { readonly name: string; readonly uid: string };
}

export type ForwardCall = (
  port: number,
  connection: ForwardedConnection,
  signal: AbortSignal,
) => Promise<void>;

/** One session of port-forward with all its connections: one that fails ends alone. Never rejects. */
export async function runForwardSession(deps: ForwardSessionDeps, call: ForwardCall): Promise<void> {
  const { client, log, pod } = deps;
  const life = new SessionLife(deps);
  const running = new Set<Promise<void>>();

  async function forward({ port, connection, done }: ForwardPair): Promise<void> {
    const lost = new AbortController();
    connection.on('error', () => undefined);
    connection.once('close', () => {
      // After a good end there may be bytes on their way to the port still.
      if (!(connection.readableEnded && connection.writableFinished)) lost.abort();
    });
    const result = await life.run((signal) => call(port, connection, AbortSignal.any([signal, lost.signal])));
    if (result.kind === 'returned' || client.gone.aborted) return done();
    const trouble = `error forwarding port ${port} to pod ${pod.name}, uid ${pod.uid}: ${wordsOf(result.error)}`;
    log.debug({ error: trouble }, 'a forwarded connection failed');
    done(trouble);
  }

  try {
    const ended = client.pairs((pair) => {
      const one = forward(pair);
      running.add(one);
      void one.then(() => running.delete(one));
    });
    await Promise.race([ended, aborted(life.signal)]);
    await Promise.all(running);
    if (!client.gone.aborted) await client.finish();
  } finally {
    life.close();
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
