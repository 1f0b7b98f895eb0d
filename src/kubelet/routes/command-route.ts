import type { FastifyInstance } from 'fastify';
import type { InstanceProvider } from '../../../providers/contract/index.ts';
import { commandOffer, openCommand } from '../streaming/open-client.ts';
import { type CommandCall, runCommandSession } from '../streaming/session/command-session.ts';
import { queryOf, type StreamOptions, streamOptions, undecodable } from '../streaming/stream-options.ts';
import {
  type ContainerParams,
  type ContainerTarget,
  containerPaths,
  containerTarget,
} from './container-target.ts';
import { type StreamRouteDeps, serveStream } from './stream-routes.ts';

/** What a client asked for, at a container that runs. */
export interface CommandRequest {
  readonly query: URLSearchParams;
  readonly options: StreamOptions;
  readonly target: ContainerTarget & { readonly kind: 'running' };
}

/**
 * GET and POST /{verb}/{namespace}/{pod}[/{uid}]/{container}. `complaint` says what else is wrong with the query;
 * `callOf` turns the request into what the session runs.
 */
export function commandRoute<V extends 'exec' | 'attach'>(
  server: FastifyInstance,
  deps: StreamRouteDeps,
  verb: V,
  complaint: (query: URLSearchParams) => string | undefined,
  callOf: (ability: NonNullable<InstanceProvider[V]>, asked: CommandRequest) => CommandCall,
): void {
  const { provider, view, sessions } = deps;
  for (const url of containerPaths(verb))
    server.route<{ Params: ContainerParams }>({
      method: ['GET', 'POST'],
      url,
      exposeHeadRoute: false,
      async handler(request, reply) {
        const query = queryOf(request.url);
        if (query === undefined) return reply.code(400).send(undecodable);
        const options = streamOptions(query);
        if (options === undefined)
          return reply.code(400).send('you must specify at least 1 of stdin, stdout, stderr');
        const wrong = complaint(query);
        if (wrong !== undefined) return reply.code(400).send(wrong);
        const target = containerTarget(view, request.params);
        if (target.kind === 'none') return reply.code(target.status).send(target.text);
        const ability = provider[verb];
        if (!ability) return reply.code(501).send(`provider ${provider.name} has no ${verb}`);
        const call = callOf(ability, { query, options, target });
        const open = { ...deps, closing: sessions.closing };
        return serveStream(deps, request, reply, verb, commandOffer, async (upgrade, chosen) => {
          const client = await openCommand(open, upgrade, chosen, options);
          if (client !== undefined) await runCommandSession({ ...open, client }, call);
        });
      },
    });
}
