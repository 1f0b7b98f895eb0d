import type { KubeClient } from '../../kube/client.ts';
import { isAlreadyExists, isForbidden, isNotFound } from '../../kube/errors.ts';
import { certificateSigningRequests } from '../../kube/resources.ts';
import type { CertificateSigningRequest } from '../../kube/types.ts';
import { type Clock, pause } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { type CertificateWish, requestName, signerOf, signingRequest, usagesOf } from './certificate-wish.ts';
import type { KeyPair } from './key-pair.ts';

export interface RequestDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
}

export type RequestOutcome =
  /** PEM, with the certificates between it and the CA where there are any. */
  | { readonly kind: 'issued'; readonly cert: string }
  | { readonly kind: 'denied' | 'failed'; readonly message: string }
  /** Somebody has removed the request; controllers do so with one that nobody approves for a day. */
  | { readonly kind: 'gone' };

const watchSeconds = 300;
/** Between a watch that has ended and the next. */
const restMs = 5_000;

/**
 * Asks the cluster for a certificate and waits for it, for as long as it takes. `onName` hears the name of the request
 * once it is made. Rejects when the API server does not take the request, and when the signal fires.
 */
export async function requestCertificate(
  deps: RequestDeps,
  wish: CertificateWish,
  keys: KeyPair,
  onName: (name: string) => void,
  signal: AbortSignal,
): Promise<RequestOutcome> {
  const { client, clock, random, log } = deps;
  const name = requestName(wish, keys);
  let request = await submit(client, name, wish, keys, signal);
  onName(name);
  for (;;) {
    const outcome = outcomeOf(request);
    if (outcome !== undefined) return outcome;
    try {
      const found = await nextOutcome(client, request, signal);
      if (found !== undefined) return found;
    } catch (error) {
      signal.throwIfAborted();
      if (isForbidden(error)) throw error;
      log.debug({ request: name, error: String(error) }, 'the watch of a certificate request broke');
    }
    await pause(clock, Math.round(restMs * (0.5 + random())), signal);
    signal.throwIfAborted();
    try {
      request = await client.get(certificateSigningRequests, { name }, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (isNotFound(error)) return { kind: 'gone' };
      if (isForbidden(error)) throw error;
      log.debug({ request: name, error: String(error) }, 'a certificate request cannot be read');
    }
  }
}

/** Makes the request, or finds it as an earlier process has made it. */
async function submit(
  client: KubeClient,
  name: string,
  wish: CertificateWish,
  keys: KeyPair,
  signal: AbortSignal,
): Promise<CertificateSigningRequest> {
  const request = Buffer.from(await signingRequest(wish, keys)).toString('base64');
  const object: CertificateSigningRequest = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request, signerName: signerOf(wish), usages: usagesOf(wish) },
  };
  try {
    return await client.create(certificateSigningRequests, object, { signal });
  } catch (error) {
    if (!isAlreadyExists(error)) throw error;
    return client.get(certificateSigningRequests, { name }, { signal });
  }
}

/** Watches until there is an outcome; undefined when the watch ends before. */
async function nextOutcome(
  client: KubeClient,
  { metadata }: CertificateSigningRequest,
  signal: AbortSignal,
): Promise<RequestOutcome | undefined> {
  const { name = '', resourceVersion = '' } = metadata ?? {};
  const watch = client.watch(certificateSigningRequests, {
    ...{ fieldSelector: `metadata.name=${name}`, resourceVersion, timeoutSeconds: watchSeconds, signal },
    idleTimeoutMs: (watchSeconds + 30) * 1000,
  });
  for await (const event of watch) {
    if (event.type === 'BOOKMARK') continue;
    if (event.type === 'DELETED') return { kind: 'gone' };
    const outcome = outcomeOf(event.object);
    if (outcome !== undefined) return outcome;
  }
  return undefined;
}

/** Undefined while it waits to be approved or signed. */
function outcomeOf({ status }: CertificateSigningRequest): RequestOutcome | undefined {
  for (const { type, reason, message } of status?.conditions ?? []) {
    if (type !== 'Denied' && type !== 'Failed') continue;
    const said = [reason, message].filter((text) => text !== undefined && text !== '').join(': ');
    return { kind: type === 'Denied' ? 'denied' : 'failed', message: said };
  }
  if (!status?.certificate) return undefined;
  return { kind: 'issued', cert: Buffer.from(status.certificate, 'base64').toString('utf8') };
}
