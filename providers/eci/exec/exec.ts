import type { ExecRequest, InstanceRef, ProcessStreams, ProviderClock } from '../../contract/index.ts';
import { ProviderError } from '../../contract/index.ts';
import { runInShell, shellCommand } from '../../contract/remote-shell/index.ts';
import type { Calls } from '../api/calls.ts';
import type { Fleet } from '../fleet.ts';
import { openExecChannel } from './exec-channel.ts';
import { sessionUrl } from './session-url.ts';

export interface ExecDeps {
  readonly calls: Calls;
  readonly fleet: Fleet;
  readonly clock: ProviderClock;
  /** Of the API: only a fake on this machine may give sessions that are not encrypted. */
  readonly endpoint: URL;
}

/**
 * Runs a command in a container, over the connection that ExecContainerCommand gives the address of. That connection has
 * neither exit codes nor an end of input, and the action takes 20 entries of 256 characters: a shell in the container
 * makes up for it.
 */
export async function eciExec(
  { calls, fleet, clock, endpoint }: ExecDeps,
  { id }: InstanceRef,
  container: string,
  request: ExecRequest,
  streams: ProcessStreams,
  signal: AbortSignal,
): Promise<number> {
  const instance = await fleet.look(id, 'log', signal);
  const found = instance?.containers.find(({ name }) => name === container);
  if (found === undefined || found.state.kind !== 'running')
    throw new ProviderError('NotFound', `container ${container} of instance ${id} does not run`);
  const { webSocketUri } = await calls.call(
    'execContainerCommand',
    {
      containerGroupId: id,
      containerName: container,
      command: JSON.stringify(shellCommand),
      TTY: request.tty,
      stdin: true,
      sync: false,
    },
    { urgency: 'log' },
    signal,
  );
  const channel = await openExecChannel({ url: sessionUrl(webSocketUri, endpoint), clock }, signal);
  return runInShell(channel, request, streams, { clock }, signal);
}
