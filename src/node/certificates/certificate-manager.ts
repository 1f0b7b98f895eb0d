import { backoffMs } from '../../telemetry/backoff.ts';
import { pause } from '../../telemetry/clock.ts';
import type { ServingCertificate } from '../serving-certificate.ts';
import type { NodeTeller } from './certificate-source.ts';
import type { CertificateStore } from './certificate-store.ts';
import { type CertificateWish, fulfils, renewalTime } from './certificate-wish.ts';
import { type KeyPair, keyPairOf, newKeyPair } from './key-pair.ts';
import { type RequestDeps, type RequestOutcome, requestCertificate } from './request-certificate.ts';

export interface CertificateManagerDeps extends RequestDeps {
  readonly store: CertificateStore;
  readonly wish: CertificateWish;
  readonly tell: NodeTeller;
  readonly onOutcome: (outcome: 'issued' | 'denied' | 'failed') => void;
}

/** A cluster with an approver answers within this; where people approve, they should hear of it then. */
const tellMs = 30_000;
/** And again from time to time, for Events are kept for an hour. */
const tellAgainMs = 3_600_000;
/** Whoever has denied a request will not think otherwise at once. */
const deniedBaseMs = 300_000;
const retryBaseMs = 2_000;
const retryCapMs = 900_000;
/** A signer may hand out what is over already; it is not asked without a rest. */
const leastLifeMs = 60_000;
/** Timers of Node.js overflow beyond 24 days. */
const longestSleepMs = 3_600_000;

/** What an earlier process has left, when it is still of use. */
export async function storedCertificate({
  store,
  wish,
  clock,
  log,
}: Pick<CertificateManagerDeps, 'store' | 'wish' | 'clock' | 'log'>): Promise<
  ServingCertificate | undefined
> {
  try {
    const found = await store.current();
    return found !== undefined && fulfils(found, wish, clock.now()) ? found : undefined;
  } catch (error) {
    log.warn({ file: store.currentFile, error: String(error) }, 'the stored certificate is of no use');
    return undefined;
  }
}

/**
 * Keeps a node in possession of one certificate that its cluster has signed: found on disk after a restart, asked for
 * where there is none that fits, and asked for anew, with a new key, when most of its life is over.
 */
export class CertificateManager {
  readonly #deps: CertificateManagerDeps;
  #current: ServingCertificate | undefined;
  #isPending = false;

  constructor(deps: CertificateManagerDeps) {
    this.#deps = deps;
  }

  /** The one that holds. After {@link load} or {@link obtain}. */
  get current(): ServingCertificate | undefined {
    return this.#current;
  }

  /** A request waits for its approval. */
  get isPending(): boolean {
    return this.#isPending;
  }

  /** Takes what an earlier process has left, when it is still of use. */
  async load(): Promise<ServingCertificate | undefined> {
    this.#current = await storedCertificate(this.#deps);
    return this.#current;
  }

  /** Waits for the time of renewal and renews, until the signal fires; begins at once when there is none. Never rejects. */
  async run(use: (certificate: ServingCertificate) => void, signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#deps;
    try {
      for (let earliest = 0; ; earliest = clock.now() + leastLifeMs) {
        if (this.#current !== undefined)
          await this.#sleepUntil(Math.max(earliest, renewalTime(this.#current.cert, random)), signal);
        use(await this.obtain(signal));
      }
    } catch (error) {
      if (!signal.aborted)
        this.#deps.log.error({ error: String(error) }, 'certificates are not renewed any more');
    }
  }

  /** Asks until there is a certificate. Rejects only when the signal fires. */
  async obtain(signal: AbortSignal): Promise<ServingCertificate> {
    const { clock, random, log, wish, onOutcome } = this.#deps;
    for (let failures = 0; ; failures++) {
      let base = retryBaseMs;
      try {
        const keys = await this.#keys();
        const outcome = this.#checked(await this.#ask(keys, signal), keys);
        if (outcome.kind !== 'gone') onOutcome(outcome.kind);
        if (outcome.kind === 'issued') return await this.#take({ cert: outcome.cert, key: keys.pem });
        await this.#giveUp(outcome);
        if (outcome.kind !== 'gone') base = deniedBaseMs;
      } catch (error) {
        signal.throwIfAborted();
        log.warn(
          { usage: wish.usage, error: String(error), failures },
          'no certificate could be had; trying again',
        );
      }
      await pause(clock, backoffMs(failures, base, Math.max(base, retryCapMs), random), signal);
      signal.throwIfAborted();
    }
  }

  /** The key of the request that an earlier process waited for, or a new one, kept before anybody hears of it. */
  async #keys(): Promise<KeyPair> {
    const { store, log } = this.#deps;
    const pending = await store.pendingKey();
    if (pending !== undefined) {
      try {
        return await keyPairOf(pending);
      } catch (error) {
        log.warn({ error: String(error) }, 'the key of a certificate request is of no use; making another');
      }
    }
    const keys = await newKeyPair();
    await store.keepPendingKey(keys.pem);
    return keys;
  }

  async #ask(keys: KeyPair, signal: AbortSignal): Promise<RequestOutcome> {
    const { clock, wish, tell, log } = this.#deps;
    let cancel = (): void => undefined;
    const pending = (name: string): void => {
      this.#isPending = true;
      sayPending(name, tellMs);
    };
    const sayPending = (name: string, waitMs: number): void => {
      cancel = clock.schedule(waitMs, () => {
        const message = `the ${wish.usage} certificate of the node waits for approval: kubectl certificate approve ${name}`;
        log.warn({ request: name }, message);
        tell('Warning', 'CertificatePending', message);
        sayPending(name, tellAgainMs);
      });
    };
    try {
      return await requestCertificate(this.#deps, wish, keys, pending, signal);
    } finally {
      cancel();
      this.#isPending = false;
    }
  }

  /** A certificate that is not the one that was asked for is none. */
  #checked(outcome: RequestOutcome, { pem: key }: KeyPair): RequestOutcome {
    if (outcome.kind !== 'issued') return outcome;
    try {
      if (fulfils({ cert: outcome.cert, key }, this.#deps.wish, this.#deps.clock.now())) return outcome;
      return {
        kind: 'failed',
        message: 'it was signed for another name or other addresses, or is over already',
      };
    } catch (error) {
      return { kind: 'failed', message: error instanceof Error ? error.message : String(error) };
    }
  }

  async #take(certificate: ServingCertificate): Promise<ServingCertificate> {
    const { store, wish, clock, log } = this.#deps;
    await store.put(certificate, clock.now());
    this.#current = certificate;
    log.info({ usage: wish.usage, file: store.currentFile }, 'the node has a new certificate');
    return certificate;
  }

  async #giveUp(outcome: Exclude<RequestOutcome, { kind: 'issued' }>): Promise<void> {
    const { store, wish, tell, log } = this.#deps;
    // A key that was refused is not offered again, and a new one makes a request of another name.
    await store.dropPendingKey();
    if (outcome.kind === 'gone') return;
    const message = `the request for the ${wish.usage} certificate of the node ${outcome.kind === 'denied' ? 'was denied' : 'failed'}: ${outcome.message}`;
    log.warn({}, message);
    tell('Warning', outcome.kind === 'denied' ? 'CertificateDenied' : 'CertificateFailed', message);
  }

  async #sleepUntil(time: number, signal: AbortSignal): Promise<void> {
    const { clock } = this.#deps;
    for (let left = time - clock.now(); left > 0 && !signal.aborted; left = time - clock.now())
      await pause(clock, Math.min(left, longestSleepMs), signal);
    signal.throwIfAborted();
  }
}
