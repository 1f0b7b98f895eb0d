import type { FastifyInstance } from 'fastify';
import type { ProcessStreams } from '../../../providers/contract/index.ts';
import { commandOffer, openCommand } from '../streaming/open-client.ts';
import { runCommandSession } from '../streaming/session/command-session.ts';
import { queryOf, streamOptions } from '../streaming/stream-options.ts';
import {
  type ContainerParams,
  type ContainerTarget,
  containerPaths,
  containerTarget,
} from './container-target.ts';
import { noStreams, undecodable } from './exec.ts';
import { type StreamRouteDeps, serveStream } from './stream-routes.ts';

/** GET and POST /attach/{namespace}/{pod}[/{uid}]/{container}: what `kubectl attach` speaks to, through the API server. */
export function attach(server: FastifyInstance, deps: StreamRouteDeps): void {
  const { provider, view, sessions } = deps;
  for (const url of containerPaths('attach'))
    server.route<{ Params: ContainerParams }>({
      method: ['GET', 'POST'],
      url,
      exposeHeadRoute: false,
      async handler(request, reply) {
        const query = queryOf(request.url);
        if (query === undefined) return reply.code(400).send(undecodable);
        const options = streamOptions(query);
        if (options === undefined) return reply.code(400).send(noStreams);
        const target = containerTarget(view, request.params);
        if (target.kind === 'none') return reply.code(target.status).send(target.text);
        const { attach: run } = provider;
        if (run === undefined) return reply.code(501).send(`provider ${provider.name} has no attach`);
        const { ref, spec } = target;
        const open = { ...deps, closing: sessions.closing };
        return serveStream(deps, request, reply, 'attach', commandOffer, async (upgrade, chosen) => {
          const client = await openCommand(open, upgrade, chosen, options);
          if (client === undefined) return;
          await runCommandSession(
            { ...open, client },
            {
              kind: 'attach',
              run: (streams, signal) => run.call(provider, ref, spec.name, ofProcess(streams, spec), signal),
            },
          );
        });
      },
    });
}

/**
 * Whether there is a terminal, and an input, was decided when the process started; what the client asks for beyond that
 * stays empty.
 */
function ofProcess(
  { stdin, stdout, stderr, sizes }: ProcessStreams,
  spec: (ContainerTarget & { kind: 'running' })['spec'],
): ProcessStreams {
  if (!spec.stdin) stdin?.resume();
  return {
    ...(stdin && spec.stdin && { stdin }),
    ...(stdout && { stdout }),
    ...(stderr && !spec.tty && { stderr }),
    ...(sizes && spec.tty && { sizes }),
  };
}
