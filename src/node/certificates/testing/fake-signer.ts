import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { KubeClient, WatchEvent } from '../../../kube/client.ts';
import { StatusError } from '../../../kube/errors.ts';
import type { CertificateSigningRequest } from '../../../kube/types.ts';
import type { Clock } from '../../../telemetry/clock.ts';
import { keyAlgorithm, newKeyPair } from '../key-pair.ts';

/** OID of the extension. */
const alternativeNames = '2.5.29.17';

type Condition = NonNullable<NonNullable<CertificateSigningRequest['status']>['conditions']>[number];

/** The certificates API of a cluster, without TLS and JSON in between: requests, watches, and a CA that signs. */
export class FakeSigner {
  readonly requests = new Map<string, CertificateSigningRequest>();
  /** Names of all requests that were ever made. */
  readonly made: string[] = [];
  /** Thrown by every call. */
  trouble: Error | undefined;
  readonly #clock: Clock;
  readonly #listeners = new Set<(event: WatchEvent<CertificateSigningRequest>) => void>();
  readonly #ca: Promise<{ readonly keys: webcrypto.CryptoKeyPair; readonly name: string }>;

  constructor(clock: Clock) {
    this.#clock = clock;
    x509.cryptoProvider.set(webcrypto);
    const keys = webcrypto.subtle.generateKey(keyAlgorithm, true, ['sign', 'verify']);
    this.#ca = keys.then((made) => ({ keys: made, name: 'CN=test-ca' }));
  }

  get client(): KubeClient {
    const { create, get, watch } = this.#api();
    return { create, get, watch } as unknown as KubeClient;
  }

  /** Approves and signs, for so long from now on. */
  async sign(name: string, lifeMs: number, other = false): Promise<void> {
    const request = this.#find(name);
    const asked = new x509.Pkcs10CertificateRequest(Buffer.from(request.spec.request, 'base64').toString());
    const { keys, name: issuer } = await this.#ca;
    const now = this.#clock.now();
    const alternative = asked.getExtension(alternativeNames);
    const certificate = await x509.X509CertificateGenerator.create({
      subject: asked.subject,
      issuer,
      publicKey: other ? (await newKeyPair()).publicKey : asked.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: keyAlgorithm,
      notBefore: new Date(now),
      notAfter: new Date(now + lifeMs),
      extensions: alternative === null ? [] : [new x509.Extension(alternative.rawData)],
    });
    const pem = Buffer.from(`${certificate.toString('pem')}\n`).toString('base64');
    this.#change(name, { conditions: [{ type: 'Approved', status: 'True' }], certificate: pem });
  }

  conclude(name: string, type: 'Denied' | 'Failed' | 'Approved', message = ''): void {
    const condition: Condition = { type, status: 'True', reason: 'Test', message };
    this.#change(name, { conditions: [condition] });
  }

  remove(name: string): void {
    const object = this.#find(name);
    this.requests.delete(name);
    for (const listener of this.#listeners) listener({ type: 'DELETED', object });
  }

  #change(name: string, status: CertificateSigningRequest['status']): void {
    const object = { ...this.#find(name), ...(status && { status }) };
    this.requests.set(name, object);
    for (const listener of this.#listeners) listener({ type: 'MODIFIED', object });
  }

  #find(name: string): CertificateSigningRequest {
    if (this.trouble !== undefined) throw this.trouble;
    const found = this.requests.get(name);
    if (found !== undefined) return found;
    throw new StatusError({ call: `get ${name}`, code: 404, reason: 'NotFound', message: 'not found' });
  }

  #api() {
    const create = async (_: unknown, object: CertificateSigningRequest) => {
      if (this.trouble !== undefined) throw this.trouble;
      const name = object.metadata?.name ?? '';
      if (this.requests.has(name))
        throw new StatusError({
          call: `create ${name}`,
          code: 409,
          reason: 'AlreadyExists',
          message: 'there',
        });
      this.requests.set(name, object);
      this.made.push(name);
      return object;
    };
    const get = async (_: unknown, { name }: { name: string }) => this.#find(name);
    const listeners = this.#listeners;
    async function* watch(_: unknown, { signal }: { signal: AbortSignal }) {
      const events: WatchEvent<CertificateSigningRequest>[] = [];
      let wake = (): void => undefined;
      const listener = (event: WatchEvent<CertificateSigningRequest>): void => {
        events.push(event);
        wake();
      };
      listeners.add(listener);
      try {
        while (!signal.aborted) {
          yield* events.splice(0);
          await new Promise<void>((resolve) => {
            wake = resolve;
            signal.addEventListener('abort', () => resolve(), { once: true });
          });
        }
        signal.throwIfAborted();
      } finally {
        listeners.delete(listener);
      }
    }
    return { create, get, watch };
  }
}
