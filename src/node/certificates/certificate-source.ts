import type { ServingCertificate } from '../serving-certificate.ts';

/** A value that may be replaced while it is in use. */
export interface Renewable<T> {
  /** The one to begin with. */
  readonly first: T;
  /** Hands over every later one until the signal fires. Never rejects. */
  follow(use: (value: T) => void, signal: AbortSignal): Promise<void>;
}

/** Where the certificate of the node API comes from; undefined = there is none yet. */
export interface CertificateSource extends Renewable<ServingCertificate | undefined> {
  /** Another one was asked for, and waits for its approval. */
  readonly isPending: boolean;
}

/** Says something about the node to the people of the cluster, as an Event. */
export type NodeTeller = (type: 'Normal' | 'Warning', reason: string, message: string) => void;

/** A value that stays. */
export function lasting<T>(first: T): Renewable<T> {
  return { first, follow: () => Promise.resolve() };
}

/** A certificate that comes from elsewhere than the cluster's signers. */
export function unasked(source: Renewable<ServingCertificate | undefined>): CertificateSource {
  return { isPending: false, first: source.first, follow: (use, signal) => source.follow(use, signal) };
}
