import type { OwnerScope, ProviderClock, ProviderLog } from '../../contract/index.ts';
import { delay } from '../../contract/index.ts';
import type { Listed, SecretsApi } from '../api/secrets-api.ts';
import { storedSecretReasons } from '../task/stop-cause.ts';
import type { TaskTable } from '../task-table.ts';
import type { Tasks } from '../tasks.ts';
import { prefixOf } from './secret-names.ts';
import { type SecretStore, scopeTags } from './secret-store.ts';

export interface SecretSweepDeps {
  readonly api: Pick<SecretsApi, 'list'>;
  readonly store: SecretStore;
  readonly tasks: Pick<Tasks, 'sweep'>;
  readonly table: TaskTable;
  readonly clock: ProviderClock;
  readonly log: ProviderLog;
  readonly rhythm: SecretRhythm;
}

/** In milliseconds. */
export interface SecretRhythm {
  readonly period: number;
  /** For so long a secret must have been of no use, as this process has seen it, before it is deleted. */
  readonly grace: number;
}

/**
 * The grace is longer than a task that was started may be out of sight, and than ListSecrets may lag behind (five minutes):
 * a daemon that has just begun finds the tasks of the one before first.
 */
export const secretRhythm: SecretRhythm = { period: 300_000, grace: 600_000 };

/**
 * Deletes stored secrets of which no task has any use. What is stored is found by its name, and what is used by the
 * definitions of the tasks: nothing has to be remembered, so however a daemon ends, the next one sees the same.
 */
export class SecretSweep {
  readonly #deps: SecretSweepDeps;
  /** Of each prefix: ARN → since when it was of no use at every look. */
  readonly #idleSince = new Map<string, ReadonlyMap<string, number>>();

  constructor(deps: SecretSweepDeps) {
    this.#deps = deps;
  }

  /** Sweeps until the signal fires. Never rejects: what fails is told, and comes again. */
  async run(scope: OwnerScope, signal: AbortSignal): Promise<void> {
    const { clock, log, rhythm, store, table } = this.#deps;
    const unsubscribe = table.subscribe(
      scope,
      (event) => {
        if (event.type !== 'changed') return;
        if (storedSecretReasons.has(event.instance.stopCause?.reason ?? '')) store.doubt();
      },
      signal,
    );
    while (!signal.aborted) {
      try {
        await this.#sweep(scope, signal);
      } catch (error) {
        if (!signal.aborted)
          log.warn({ error: String(error) }, 'stored secrets could not be looked through; none was deleted');
      }
      await delay(clock, rhythm.period, signal);
    }
    unsubscribe();
  }

  /** Deletes what has been of no use for long enough. Rejects before anything is deleted when it does not see everything. */
  async #sweep(scope: OwnerScope, signal: AbortSignal): Promise<void> {
    const { api, clock, log, rhythm, store, table, tasks } = this.#deps;
    await tasks.sweep(scope, signal);
    const prefix = prefixOf(scope);
    const listed = (await api.list(prefix, signal)).filter((secret) => isOf(scope, secret));
    const now = clock.now();
    const used = table.secretsInUse(scope);
    const before = this.#idleSince.get(prefix);
    const idle = listed
      .filter((secret) => this.#isIdle(secret, used))
      .map((secret) => ({ secret, since: before?.get(secret.arn) ?? now }));
    this.#idleSince.set(prefix, new Map(idle.map(({ secret, since }) => [secret.arn, since])));
    for (const { secret, since } of idle) {
      if (now - since < rhythm.grace) continue;
      // A task may have been started since.
      if (!this.#isIdle(secret, table.secretsInUse(scope))) continue;
      if (await store.delete(secret, signal)) log.debug({ secret: secret.name }, 'deleted a stored secret');
    }
  }

  /** `used` undefined = it is not known of every task what it uses. */
  #isIdle({ name, arn }: Listed, used: ReadonlySet<string> | undefined): boolean {
    return used !== undefined && !used.has(arn) && !this.#deps.store.isHeld(name);
  }
}

/** What others have put under our names is not ours to touch. */
function isOf(scope: OwnerScope, { tags }: Listed): boolean {
  return Object.entries(scopeTags(scope)).every(([key, value]) => tags[key] === value);
}
