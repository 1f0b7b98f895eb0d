import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { InstanceProvider } from '../../../providers/contract/index.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { NodeView } from '../node-view.ts';
import type { StreamKind, StreamSessions } from '../streaming/session/stream-sessions.ts';
import { type Chosen, negotiate, type Offer } from '../streaming/upgrade/negotiate.ts';
import type { Upgrade, Upgrades } from '../streaming/upgrade/upgrades.ts';
import { attach } from './attach.ts';
import { exec } from './exec.ts';
import { portForward } from './port-forward.ts';
import { run } from './run.ts';

export interface StreamRouteDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly view: NodeView;
  readonly provider: InstanceProvider;
  readonly upgrades: Upgrades;
  readonly sessions: StreamSessions;
}

/** /exec, /attach, /portForward and /run. */
export function streamRoutes(server: FastifyInstance, deps: StreamRouteDeps): void {
  void server.register(async (scope) => {
    // None of these requests has a body that means anything, whatever its type.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', (_request, _body, done) => done(null));
    for (const routes of [exec, attach, portForward, run]) routes(scope, deps);
  });
}

/** Upgrades the request, if it can be, and runs the session on its connection; otherwise answers plainly. */
export async function serveStream(
  deps: StreamRouteDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  kind: StreamKind,
  offer: Offer,
  session: (upgrade: Upgrade, chosen: Chosen) => Promise<void>,
): Promise<FastifyReply> {
  const chosen = negotiate(request.method, request.headers, offer);
  if (chosen.kind === 'refused')
    return reply
      .headers(chosen.headers ?? {})
      .code(chosen.status)
      .send(chosen.text);
  const refusal = deps.sessions.refusal();
  if (refusal !== undefined) return reply.code(refusal.status).send(refusal.text);
  const upgrade = deps.upgrades.take(request.raw);
  if (upgrade === undefined) return reply.code(400).send('Upgrade request required');
  reply.hijack();
  await deps.sessions.run(kind, () => session(upgrade, chosen));
  return reply;
}
