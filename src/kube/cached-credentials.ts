import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Credentials, Identity, TlsOptions } from './credentials.ts';

/** Tokens of service accounts are renewed on disk long before they end; a minute is what client-go takes too. */
const maxAgeMs = 60_000;
/** Many calls meet a 401 or a failing source together: it is asked at most once in this time. */
const minAgeMs = 5_000;

export interface CachedCredentialsDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Reads the source. `fresh`: what it keeps itself was refused by the server. Errors carry no secrets. */
  readonly load: (fresh: boolean) => Promise<Identity>;
}

type Outcome = { readonly identity: Identity } | { readonly error: unknown };

/** Credentials that are read anew about every minute, and at once after a 401. One read at a time. */
export class CachedCredentials implements Credentials {
  readonly #deps: CachedCredentialsDeps;
  #last: { readonly at: number; readonly outcome: Outcome } | undefined;
  #loading: Promise<Outcome> | undefined;
  #refused = false;

  constructor(deps: CachedCredentialsDeps) {
    this.#deps = deps;
  }

  async current(): Promise<Identity> {
    const outcome = this.#fresh() ?? (await this.#load());
    if ('error' in outcome) throw outcome.error;
    return outcome.identity;
  }

  invalidate(): void {
    if (this.#age() >= minAgeMs) this.#refused = true;
  }

  #age(): number {
    return this.#last === undefined ? Number.POSITIVE_INFINITY : this.#deps.clock.now() - this.#last.at;
  }

  #fresh(): Outcome | undefined {
    const outcome = this.#last?.outcome;
    if (outcome === undefined || this.#refused) return undefined;
    return this.#age() < ('error' in outcome ? minAgeMs : maxAgeMs) ? outcome : undefined;
  }

  #load(): Promise<Outcome> {
    this.#loading ??= this.#read().finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  async #read(): Promise<Outcome> {
    const refused = this.#refused;
    const previous = this.#last?.outcome;
    const known = previous !== undefined && 'identity' in previous ? previous.identity : undefined;
    let outcome: Outcome;
    try {
      outcome = { identity: sameTls(await this.#deps.load(refused), known) };
    } catch (error) {
      // A file that is being replaced is no reason to stop, as long as the server takes what was read before.
      outcome = known !== undefined && !refused ? { identity: known } : { error };
      this.#deps.log.warn({ error, keptOld: 'identity' in outcome }, 'cannot read the credentials');
    }
    this.#refused = false;
    this.#last = { at: this.#deps.clock.now(), outcome };
    return outcome;
  }
}

/** The identity with the known TLS object when nothing in it differs, so that connections are kept. */
function sameTls(identity: Identity, known: Identity | undefined): Identity {
  if (known === undefined || !equal(identity.tls, known.tls)) return identity;
  return { ...identity, tls: known.tls };
}

function equal(a: TlsOptions, b: TlsOptions): boolean {
  const keys = ['ca', 'cert', 'key', 'servername', 'rejectUnauthorized'] as const;
  return keys.every((key) => a[key] === b[key]);
}
