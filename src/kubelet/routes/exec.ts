import type { FastifyInstance } from 'fastify';
import { commandRoute } from './command-route.ts';
import type { StreamRouteDeps } from './stream-routes.ts';

/** What `kubectl exec` and `cp` speak to, through the API server. */
export function exec(server: FastifyInstance, deps: StreamRouteDeps): void {
  const { provider } = deps;
  commandRoute(server, deps, 'exec', noCommand, (run, { query, options, target: { ref, spec } }) => {
    const request = { command: query.getAll('command'), tty: options.tty };
    return {
      kind: 'exec',
      run: (streams, signal) => run.call(provider, ref, spec.name, request, streams, signal),
    };
  });
}

function noCommand(query: URLSearchParams): string | undefined {
  return query.has('command') ? undefined : 'you must specify at least one command for the container';
}
