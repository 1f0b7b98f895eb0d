import { type FastifyInstance, fastify } from 'fastify';
import type { Instance, InstanceProvider } from '../../../../providers/contract/index.ts';
import type { Pod } from '../../../kube/types.ts';
import { type Clock, systemClock } from '../../../telemetry/clock.ts';
import { silentLog } from '../../../telemetry/log.ts';
import type { NodeView } from '../../node-view.ts';
import { streamRoutes } from '../../routes/stream-routes.ts';
import { StreamSessions } from '../session/stream-sessions.ts';
import { Upgrades } from '../upgrade/upgrades.ts';

const running = { kind: 'running', startedAt: '2026-01-01T00:00:00Z' };
const exited = { kind: 'terminated', exitCode: 0 };

/** The Pod default/web-0 with the containers main, tty (terminal and input), input (input only) and old, which has ended. */
export function streamView(): NodeView {
  const containers: { name: string; stdin?: boolean; tty?: boolean }[] = [
    { name: 'main' },
    { name: 'tty', stdin: true, tty: true },
    { name: 'input', stdin: true },
    { name: 'old' },
  ];
  const pod: Pod = {
    metadata: { name: 'web-0', namespace: 'default', uid: 'uid-1' },
    spec: { containers },
  };
  const instance = {
    ref: { id: 'i-1', podUid: 'uid-1' },
    phase: 'Running',
    containers: containers.map(({ name }) => ({ name, state: name === 'old' ? exited : running })),
  } as unknown as Instance;
  return {
    pods: () => [pod],
    pod: (namespace, name) => (namespace === 'default' && name === 'web-0' ? { pod, instance } : undefined),
    instances: () => [instance],
    trouble: () => undefined,
  };
}

export interface StreamServer {
  readonly server: FastifyInstance;
  readonly sessions: StreamSessions;
  readonly port: number;
  close(): Promise<void>;
}

/** The stream routes on a loopback port, without TLS and with no door in front of them. For tests. */
export async function startStreamServer(options: {
  readonly provider: InstanceProvider;
  readonly clock?: Clock;
  readonly maxSessions?: number;
}): Promise<StreamServer> {
  const server = fastify({ forceCloseConnections: true });
  const sessions = new StreamSessions(options.maxSessions);
  const upgrades = new Upgrades();
  streamRoutes(server, {
    clock: options.clock ?? systemClock,
    log: silentLog,
    view: streamView(),
    provider: options.provider,
    upgrades,
    sessions,
  });
  upgrades.listen(server);
  await server.listen({ host: '127.0.0.1', port: 0 });
  const address = server.server.address();
  return {
    server,
    sessions,
    port: typeof address === 'object' && address !== null ? address.port : 0,
    async close() {
      await sessions.close();
      upgrades.close();
      await server.close();
    },
  };
}
