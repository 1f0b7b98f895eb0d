import type { ECS } from '@aws-sdk/client-ecs';

export interface SignedWish {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  /** What it is signed for: `ssmmessages`. */
  readonly service: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Resolves with all headers that the request needs. */
export type Sign = (wish: SignedWish) => Promise<Record<string, string>>;

/** Signs with the credentials of a client of the SDK, whatever gives them to it. */
export function signerOf(ecs: ECS, region: string): Sign {
  return async ({ method, url, service, headers = {}, body }) => {
    const signer = await ecs.config.signer();
    const signed = await signer.sign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        ...(url.port !== '' && { port: Number(url.port) }),
        path: url.pathname,
        query: Object.fromEntries(url.searchParams),
        headers: { ...headers, host: url.host },
        ...(body !== undefined && { body }),
      },
      {
        ...{ signingService: service, signingRegion: region },
        // What the client has learned of how far the clock of this machine is off.
        signingDate: new Date(Date.now() + ecs.config.systemClockOffset),
      },
    );
    return signed.headers;
  };
}
