import type { RemoteChannel } from '../../contract/remote-shell/index.ts';
import type { EcsApi } from '../api/ecs-api.ts';
import { DataChannel } from './data-channel.ts';
import type { LifelineDeps } from './lifeline.ts';

export interface OpenSessionDeps extends Omit<LifelineDeps, 'api'> {
  readonly ecs: Pick<EcsApi, 'executeCommand'>;
  readonly sessions: LifelineDeps['api'];
}

export interface SessionWish {
  /** ARN. */
  readonly task: string;
  readonly container: string;
  /** Split into words by the agent as a shell would do it, and executed without one. */
  readonly command: string;
}

/**
 * Runs a command in a container of a task, on a terminal, for ECS knows nothing else. Resolves when the command is about
 * to start. Rejects with ProviderError; nothing is left open then.
 */
export async function openSession(
  { ecs, sessions, ...deps }: OpenSessionDeps,
  wish: SessionWish,
  signal: AbortSignal,
): Promise<RemoteChannel> {
  const session = await ecs.executeCommand(wish, signal);
  return DataChannel.open(session, { ...deps, api: sessions }, signal);
}
