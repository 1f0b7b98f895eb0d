import type { OwnerScope, ProviderClock, ProviderLog } from '../../contract/index.ts';
import { delay, ProviderError } from '../../contract/index.ts';
import type { Listed, NewSecret, SecretsApi } from '../api/secrets-api.ts';
import { orAborted } from '../or-aborted.ts';
import type { SecretNames } from './secret-names.ts';
import type { StoredText } from './stowage.ts';

export interface SecretStoreDeps {
  readonly api: Pick<SecretsApi, 'create' | 'describe' | 'delete'>;
  readonly names: SecretNames;
  readonly clock: ProviderClock;
  readonly random: () => number;
  readonly log: ProviderLog;
}

/** Texts that stay stored until they are released. */
export interface Held {
  /** Of a text that was asked for. */
  stored(text: string): StoredText;
  release(): void;
}

interface Known {
  readonly arn: string;
  /** When it was seen last, in milliseconds since the epoch. */
  readonly seenAt: number;
}

/** Of one attempt to store a text, whoever waits for it. */
const timeoutMs = 60_000;
/** For so long a secret that was seen is taken to be there. */
const trustMs = 60_000;
/** Between two attempts to use a name that is still being deleted: at first, and at most. */
const [leastRestMs, mostRestMs] = [500, 8000];

/** The tags of what is stored for a node. */
export function scopeTags({ clusterUid, node }: OwnerScope): Record<string, string> {
  return { 'burstlet.dev/cluster': clusterUid, 'burstlet.dev/node': node };
}

/**
 * Texts at Secrets Manager, each under a name of its content. Nothing of what is held is deleted, and what is asked for
 * while it is being deleted is stored again: whoever holds a text may start tasks with it.
 */
export class SecretStore {
  readonly #deps: SecretStoreDeps;
  readonly #known = new Map<string, Known>();
  /** Name → how many hold it. */
  readonly #holds = new Map<string, number>();
  readonly #storing = new Map<string, Promise<string>>();
  readonly #deleting = new Map<string, Promise<void>>();
  readonly #closed = new AbortController();

  constructor(deps: SecretStoreDeps) {
    this.#deps = deps;
  }

  /** Sees to it that these are stored. Release what it returns once the task is known, or is not to be. */
  async hold(texts: readonly string[], scope: OwnerScope, signal: AbortSignal): Promise<Held> {
    const tags = scopeTags(scope);
    const wanted = texts.map((text) => ({ ...this.#deps.names.of(text, scope), text, tags }));
    for (const { name } of wanted) this.#holds.set(name, (this.#holds.get(name) ?? 0) + 1);
    const release = (): void => {
      for (const { name } of wanted.splice(0)) {
        const left = (this.#holds.get(name) ?? 0) - 1;
        if (left > 0) this.#holds.set(name, left);
        else this.#holds.delete(name);
      }
    };
    try {
      const stored = await Promise.all(
        wanted.map(async (secret): Promise<[string, StoredText]> => {
          const arn = await orAborted(this.#store(secret), signal);
          return [secret.text, { arn, version: secret.version }];
        }),
      );
      const byText = new Map(stored);
      return {
        stored(text) {
          const found = byText.get(text);
          if (found === undefined) throw new Error('a text was not asked for');
          return found;
        },
        release,
      };
    } catch (error) {
      release();
      throw error;
    }
  }

  isHeld(name: string): boolean {
    return this.#holds.has(name);
  }

  /** A task did not find one of them: all are looked at again before they are used. */
  doubt(): void {
    this.#known.clear();
  }

  /** Deletes one that nobody holds or is about to. False when somebody does. */
  async delete({ name, arn }: Pick<Listed, 'name' | 'arn'>, signal: AbortSignal): Promise<boolean> {
    if (this.#holds.has(name) || this.#storing.has(name) || this.#deleting.has(name)) return false;
    this.#known.delete(name);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#deleting.set(name, promise);
    try {
      await this.#deps.api.delete(arn, signal);
      return true;
    } finally {
      this.#deleting.delete(name);
      resolve();
    }
  }

  /** Ends what goes on in the background. */
  close(): void {
    this.#closed.abort();
  }

  /** The ARN. Those who ask at the same time share the calls. */
  #store(secret: NewSecret): Promise<string> {
    const { name } = secret;
    let storing = this.#storing.get(name);
    if (storing === undefined) {
      // Not the caller's signal: others may wait for the same one.
      const signal = AbortSignal.any([this.#closed.signal, AbortSignal.timeout(timeoutMs)]);
      storing = this.#obtain(secret, signal).finally(() => this.#storing.delete(name));
      storing.catch(() => undefined);
      this.#storing.set(name, storing);
    }
    return storing;
  }

  async #obtain(secret: NewSecret, signal: AbortSignal): Promise<string> {
    const { clock } = this.#deps;
    const { name } = secret;
    await this.#deleting.get(name);
    const known = this.#known.get(name);
    if (known !== undefined && clock.now() - known.seenAt < trustMs) return known.arn;
    const arn = (known && (await this.#look(secret, signal))) ?? (await this.#create(secret, signal));
    this.#known.set(name, { arn, seenAt: clock.now() });
    return arn;
  }

  async #create(secret: NewSecret, signal: AbortSignal): Promise<string> {
    const { api, clock, random, log } = this.#deps;
    for (let times = 0; ; times++) {
      const created = await api.create(secret, signal);
      if (typeof created === 'object') {
        log.debug({ secret: secret.name }, 'stored a secret');
        return created.arn;
      }
      const found = await this.#look(secret, signal);
      if (found !== undefined) return found;
      // A deletion is done in the background, and only then the name is free.
      const step = Math.min(mostRestMs, leastRestMs * 2 ** times);
      await delay(clock, step / 2 + (random() * step) / 2, signal);
      if (signal.aborted)
        throw new ProviderError(
          'Retryable',
          `CreateSecret: Secrets Manager still deletes an earlier ${secret.name}`,
        );
    }
  }

  /** The ARN of one that can be used. One that somebody has deleted or changed is deleted for good. */
  async #look({ name, version }: NewSecret, signal: AbortSignal): Promise<string | undefined> {
    const { api, log } = this.#deps;
    const found = await api.describe(name, signal);
    if (found === undefined) return undefined;
    if (!found.leaving && found.versions.includes(version)) return found.arn;
    log.warn(
      { secret: name },
      found.leaving
        ? 'somebody has deleted a stored secret; it is stored again'
        : 'somebody has changed a stored secret; it is stored again',
    );
    await api.delete(found.arn, signal);
    return undefined;
  }
}
