import type {
  ExecRequest,
  InstanceRef,
  ProcessStreams,
  ProviderClock,
  ProviderLog,
} from '../contract/index.ts';
import { delay, ProviderError, providerErrorKind } from '../contract/index.ts';
import { quoted, type RemoteChannel, runInShell, shellCommand } from '../contract/remote-shell/index.ts';
import type { EcsApi } from './api/ecs-api.ts';
import { openSession } from './ssm/open-session.ts';
import type { SessionApi } from './ssm/session-api.ts';
import type { TaskTable } from './task-table.ts';
import type { Tasks } from './tasks.ts';

export interface TaskExecDeps {
  readonly api: Pick<EcsApi, 'executeCommand'>;
  readonly sessions: SessionApi;
  readonly tasks: Pick<Tasks, 'look'>;
  readonly table: TaskTable;
  readonly clock: ProviderClock;
  readonly random: () => number;
  readonly log: ProviderLog;
  /** The option enableExecuteCommand. */
  readonly enabled: boolean;
}

/** How old the last look at a task may be. */
const staleMs = 3000;
/** Every session has its token, so a session more that nobody opens does no harm. */
const attempts = 3;
const attemptMs = 1000;
/** What a command has said before its container ended may still be on the way. */
const lastWordsMs = 3000;

/**
 * Commands in containers of tasks, by ECS Exec: a terminal that the agent of Systems Manager opens in the container as
 * root. A shell there makes of it what kubectl expects.
 */
export class TaskExec {
  readonly #deps: TaskExecDeps;

  constructor(deps: TaskExecDeps) {
    this.#deps = deps;
  }

  /** As InstanceProvider.exec. */
  async run(
    ref: InstanceRef,
    container: string,
    request: ExecRequest,
    streams: ProcessStreams,
    signal: AbortSignal,
  ): Promise<number> {
    const { clock, enabled } = this.#deps;
    if (!enabled)
      throw new ProviderError(
        'Unsupported',
        'ECS Exec is off: set the provider option enableExecuteCommand; tasks that run already stay without it',
      );
    await this.#mustRun(ref, container, signal);
    const ended = new AbortController();
    const unfollow = this.#follow(ref, container, ended);
    const limit = AbortSignal.any([signal, ended.signal]);
    try {
      const channel = await this.#open(ref.id, container, limit);
      return await runInShell(channel, request, streams, { clock }, limit);
    } finally {
      unfollow();
    }
  }

  /** Nobody tells a session that its container has ended: the agent only falls silent, which a bad network looks like too. */
  #follow({ id }: InstanceRef, container: string, ended: AbortController): () => void {
    const { clock, table } = this.#deps;
    let cancel: (() => void) | undefined;
    const look = (): void => {
      if (cancel !== undefined || runs(table, id, container)) return;
      const error = new ProviderError(
        'Retryable',
        `container ${container} has ended, and the command with it`,
      );
      cancel = clock.schedule(lastWordsMs, () => ended.abort(error));
    };
    const unsubscribe = table.follow(id, look);
    look();
    return () => {
      unsubscribe();
      cancel?.();
    };
  }

  async #mustRun({ id }: InstanceRef, container: string, signal: AbortSignal): Promise<void> {
    const { clock, table, tasks } = this.#deps;
    const lookedAt = table.get(id)?.lookedAt ?? Number.NEGATIVE_INFINITY;
    if (id.startsWith('arn:') && clock.now() - lookedAt > staleMs) await tasks.look([id], signal, 'log');
    if (!runs(table, id, container))
      throw new ProviderError('NotFound', `container ${container} of task ${id} does not run`);
  }

  /** The agent is not connected from the first moment on. */
  async #open(task: string, container: string, signal: AbortSignal): Promise<RemoteChannel> {
    const { api, sessions, clock, random, log } = this.#deps;
    const command = quoted(shellCommand);
    for (let attempt = 1; ; attempt++)
      try {
        return await openSession(
          { ecs: api, sessions, clock, random, log },
          { task, container, command },
          signal,
        );
      } catch (error) {
        signal.throwIfAborted();
        const kind = providerErrorKind(error);
        if (attempt === attempts || (kind !== 'Retryable' && kind !== 'Throttled')) throw error;
        await delay(clock, attemptMs * attempt * (0.5 + random()), signal);
      }
  }
}

function runs(table: TaskTable, task: string, container: string): boolean {
  const containers = table.get(task)?.instance.containers ?? [];
  return containers.some(({ name, state }) => name === container && state.kind === 'running');
}
