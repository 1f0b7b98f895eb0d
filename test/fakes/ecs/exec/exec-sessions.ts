import { randomBytes } from 'node:crypto';
import type { ProviderClock } from '../../../../providers/contract/index.ts';
import { invalidParameter, ServiceError } from '../door/service-error.ts';
import type { TaskRecord } from '../tasks/task-record.ts';
import { ExecSession } from './exec-session.ts';

export interface ExecSessionsDeps {
  readonly clock: ProviderClock;
  readonly random: () => number;
}

/** The agent of a container runs no more sessions at a time (amazon-ecs-agent: SessionWorkersLimit); others wait. */
const sessionsPerContainer = 2;
/** docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html */
const idleMs = 20 * 60_000;
const tick = 60_000;

const notEnabled =
  "The execute command failed because execute command was not enabled when the task was run or the execute command agent isn't running. Wait and try again or run a new task with execute command enabled and try again.";
const notConnected = 'The execute command failed due to an internal error. Try again later.';

/** ECS exec: the sessions of the account, and what a test may do to them. */
export class ExecSessions {
  /** Where streams are opened: `ws://127.0.0.1:PORT`. */
  streamBase = '';
  /** Comes on each terminal before what the command writes. */
  banner = '';
  /** The chance that a message between client and agent is lost, either way. */
  loss = 0;
  /** The cluster wants sessions encrypted with this key. */
  kmsKeyId: string | undefined;
  /** Agents that are not connected to Session Manager. */
  areAgentsConnected = true;
  /** Files that images lack, such as `/bin/sh`. */
  readonly missing = new Set<string>();
  readonly #deps: ExecSessionsDeps;
  readonly #sessions = new Map<string, ExecSession>();
  readonly #idleSince = new Map<ExecSession, number>();
  #cancelTick: () => void = () => undefined;

  constructor(deps: ExecSessionsDeps) {
    this.#deps = deps;
  }

  /** Those that are not over. */
  get open(): readonly ExecSession[] {
    return [...this.#sessions.values()].filter(({ isOver }) => !isOver);
  }

  find(id: string): ExecSession | undefined {
    return this.#sessions.get(id);
  }

  /** Throws what ExecuteCommand answers to a task or container that takes no command. */
  create(task: TaskRecord, container: string, command: string): ExecSession {
    const life = task.life.containers.get(container);
    if (life === undefined) throw invalidParameter('The specified container was not found in the task.');
    if (task.request.enableExecuteCommand !== true || life.status !== 'RUNNING')
      throw invalidParameter(notEnabled);
    const used = [...this.#sessions.values()].find(({ deps }) => deps.task === task.arn);
    // With one PID namespace for all of its containers a task has one agent, in the container that was asked for first.
    const isTaken =
      task.definition.pidMode === 'task' && used !== undefined && used.deps.container !== container;
    if (!this.areAgentsConnected || isTaken)
      throw new ServiceError('TargetNotConnectedException', notConnected);
    const id = `ecs-execute-command-0${randomBytes(8).toString('hex')}`;
    const session: ExecSession = new ExecSession({
      ...{ id, task: task.arn, container, random: this.#deps.random },
      agent: {
        ...{ command, environment: life.plan.environment, banner: this.banner, kmsKeyId: this.kmsKeyId },
        trouble: (file) =>
          this.missing.has(file) ? `fork/exec ${file}: no such file or directory` : undefined,
      },
      loss: () => this.loss,
      mayStart: () => this.#runningIn(task.arn, container).length < sessionsPerContainer,
      onOver: () => this.#startWaiting(),
    });
    this.#sessions.set(id, session);
    this.touch(session);
    return session;
  }

  /** Something went through it. */
  touch(session: ExecSession): void {
    if (this.#idleSince.size === 0) this.#watchIdle();
    this.#idleSince.set(session, this.#deps.clock.now());
  }

  /** What has become of a task: sessions do not outlive their container. */
  follow({ arn, life }: TaskRecord): void {
    for (const session of this.#sessions.values())
      if (session.deps.task === arn && life.containers.get(session.deps.container)?.status === 'STOPPED')
        session.vanish();
  }

  close(): void {
    this.#cancelTick();
    for (const session of this.open) session.end('');
  }

  #runningIn(task: string, container: string): ExecSession[] {
    return this.open.filter(
      ({ deps, isRunning }) => isRunning && deps.task === task && deps.container === container,
    );
  }

  #startWaiting(): void {
    for (const session of this.open) session.startAgent();
  }

  #watchIdle(): void {
    this.#cancelTick = this.#deps.clock.schedule(tick, () => {
      const now = this.#deps.clock.now();
      for (const [session, since] of this.#idleSince) {
        if (session.isOver) this.#idleSince.delete(session);
        else if (now - since >= idleMs)
          session.end('Your session timed out due to inactivity and has been terminated.');
      }
      if (this.#idleSince.size > 0) this.#watchIdle();
    });
  }
}
