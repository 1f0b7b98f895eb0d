import type { FastifyInstance } from 'fastify';
import { commandOffer, openCommand } from '../streaming/open-client.ts';
import { runCommandSession } from '../streaming/session/command-session.ts';
import { queryOf, streamOptions } from '../streaming/stream-options.ts';
import { type ContainerParams, containerPaths, containerTarget } from './container-target.ts';
import { type StreamRouteDeps, serveStream } from './stream-routes.ts';

/** GET and POST /exec/{namespace}/{pod}[/{uid}]/{container}: what `kubectl exec` and `cp` speak to, through the API server. */
export function exec(server: FastifyInstance, deps: StreamRouteDeps): void {
  const { provider, view, sessions } = deps;
  for (const url of containerPaths('exec'))
    server.route<{ Params: ContainerParams }>({
      method: ['GET', 'POST'],
      url,
      exposeHeadRoute: false,
      async handler(request, reply) {
        const query = queryOf(request.url);
        if (query === undefined) return reply.code(400).send(undecodable);
        const options = streamOptions(query);
        if (options === undefined) return reply.code(400).send(noStreams);
        const command = query.getAll('command');
        if (command.length === 0)
          return reply.code(400).send('you must specify at least one command for the container');
        const target = containerTarget(view, request.params);
        if (target.kind === 'none') return reply.code(target.status).send(target.text);
        const { exec: run } = provider;
        if (run === undefined) return reply.code(501).send(`provider ${provider.name} has no exec`);
        const { ref, spec } = target;
        const open = { ...deps, closing: sessions.closing };
        return serveStream(deps, request, reply, 'exec', commandOffer, async (upgrade, chosen) => {
          const client = await openCommand(open, upgrade, chosen, options);
          if (client === undefined) return;
          await runCommandSession(
            { ...open, client },
            {
              kind: 'exec',
              run: (streams, signal) =>
                run.call(provider, ref, spec.name, { command, tty: options.tty }, streams, signal),
            },
          );
        });
      },
    });
}

export const noStreams = 'you must specify at least 1 of stdin, stdout, stderr';
export const undecodable = 'the query is not UTF-8 in percent encoding';
