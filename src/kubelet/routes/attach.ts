import type { FastifyInstance } from 'fastify';
import type { ProcessStreams } from '../../../providers/contract/index.ts';
import { type CommandRequest, commandRoute } from './command-route.ts';
import type { StreamRouteDeps } from './stream-routes.ts';

/** What `kubectl attach` speaks to, through the API server. */
export function attach(server: FastifyInstance, deps: StreamRouteDeps): void {
  const { provider } = deps;
  commandRoute(server, deps, 'attach', nothing, (run, { target: { ref, spec } }) => ({
    kind: 'attach',
    run: (streams, signal) => run.call(provider, ref, spec.name, ofProcess(streams, spec), signal),
  }));
}

function nothing(): undefined {
  return undefined;
}

/**
 * Whether there is a terminal, and an input, was decided when the process started; what the client asks for beyond that
 * stays empty.
 */
function ofProcess(
  { stdin, stdout, stderr, sizes }: ProcessStreams,
  spec: CommandRequest['target']['spec'],
): ProcessStreams {
  if (!spec.stdin) stdin?.resume();
  return {
    ...(stdin && spec.stdin && { stdin }),
    ...(stdout && { stdout }),
    ...(stderr && !spec.tty && { stderr }),
    ...(sizes && spec.tty && { sizes }),
  };
}
