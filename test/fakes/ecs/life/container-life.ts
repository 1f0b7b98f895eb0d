import type { ContainerPlan } from './container-plan.ts';
import type { FakeExit } from './program.ts';

const never = Number.POSITIVE_INFINITY;
const killedCode = 137;

/** One run of a container. */
export interface Run {
  readonly startedAt: number;
  /** Infinity while it goes on. */
  endedAt: number;
}

export type Health = 'UNKNOWN' | 'HEALTHY' | 'UNHEALTHY';

/** One container: a machine that is told the time. It never looks at a clock; `dueAt` says when it wants to be told again. */
export class ContainerLife {
  readonly plan: ContainerPlan;
  readonly runs: Run[] = [];
  status: 'PENDING' | 'RUNNING' | 'STOPPED' = 'PENDING';
  health: Health = 'UNKNOWN';
  exitCode: number | undefined;
  reason: string | undefined;
  #endAt = never;
  #ending: FakeExit = { code: 0 };
  #killAt = never;
  #terminating = false;
  #healthAt = never;
  #nextHealth: Health = 'UNKNOWN';

  constructor(plan: ContainerPlan) {
    this.plan = plan;
  }

  get begun(): boolean {
    return this.runs.length > 0;
  }

  get terminating(): boolean {
    return this.#terminating;
  }

  dueAt(): number {
    return Math.min(this.#endAt, this.#killAt, this.#healthAt);
  }

  start(at: number): void {
    const { program } = this.plan;
    this.status = 'RUNNING';
    this.exitCode = undefined;
    this.reason = undefined;
    this.runs.push({ startedAt: at, endedAt: never });
    const exit = program.exits[Math.min(this.runs.length, program.exits.length) - 1];
    this.#ending = { code: exit?.code ?? 0 };
    this.#endAt = exit === undefined ? never : at + exit.afterMs;
    this.#awaitHealth(at);
  }

  /** Does what is due at `at`, one thing at a time. */
  play(at: number): void {
    if (this.#healthAt <= at) {
      this.health = this.#nextHealth;
      this.#healthAt = never;
    } else if (this.#endAt <= at) this.#end(at, this.#ending);
    else if (this.#killAt <= at) this.#end(at, { code: killedCode });
  }

  /** It will never be started. */
  abandon(reason?: string): void {
    this.status = 'STOPPED';
    this.reason = reason;
  }

  /** SIGTERM now, SIGKILL after the stop timeout, and no later than `latest`. */
  terminate(at: number, latest = never): void {
    if (this.status === 'PENDING') this.abandon();
    if (this.status !== 'RUNNING') return;
    this.#killAt = Math.min(this.#killAt, latest, at + this.plan.stopTimeoutMs);
    if (this.#terminating) return;
    this.#terminating = true;
    const { onTerm } = this.plan.program;
    if (onTerm === 'ignore' || this.#endAt <= at + onTerm.afterMs) return;
    this.#endAt = at + onTerm.afterMs;
    this.#ending = { code: onTerm.code };
  }

  /** The present run ends now, as if by itself. */
  exit(at: number, exit: FakeExit): void {
    if (this.status === 'RUNNING') this.#end(at, exit);
  }

  /** Its health check now gives this result for good. */
  setHealth(health: Health): void {
    this.health = health;
    this.#healthAt = never;
  }

  #end(at: number, exit: FakeExit): void {
    const run = this.runs.at(-1);
    if (run !== undefined) run.endedAt = at;
    this.exitCode = exit.code;
    this.reason = exit.reason;
    this.status = 'STOPPED';
    this.#endAt = never;
    this.#killAt = never;
    this.#healthAt = never;
    const { restarts } = this.plan;
    const ranMs = at - (run?.startedAt ?? at);
    const again =
      restarts !== undefined && !this.#terminating && !restarts.ignoredExitCodes.includes(exit.code);
    if (again && ranMs >= restarts.minimumRunMs) this.start(at);
  }

  /** The first check comes one interval after the start; failures count after the start period. */
  #awaitHealth(at: number): void {
    const { healthCheck, program } = this.plan;
    this.health = 'UNKNOWN';
    if (healthCheck === undefined) return;
    const { intervalMs, retries, startPeriodMs } = healthCheck;
    const failsAt = at + startPeriodMs + retries * intervalMs;
    const checks = Math.max(1, Math.ceil(program.readyAfterMs / intervalMs));
    const passesAt = program.readyAfterMs < 0 ? never : at + checks * intervalMs;
    this.#healthAt = Math.min(passesAt, failsAt);
    this.#nextHealth = passesAt <= failsAt ? 'HEALTHY' : 'UNHEALTHY';
  }
}
