/** What node:tls needs to know. PEM text throughout. */
export interface TlsOptions {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly servername?: string;
  /** False = accept any server certificate (insecure-skip-tls-verify). */
  readonly rejectUnauthorized?: boolean;
}

/** How to authenticate now. */
export interface Identity {
  /** The Authorization header. Secret. */
  readonly authorization?: string;
  /** The same object as long as nothing in it changed: a new one means new connections. */
  readonly tls: TlsOptions;
}

/** Where identities come from. Failures carry no secrets. */
export interface Credentials {
  current(): Promise<Identity>;
  /** The server answered 401: what was read before is of no use. */
  invalidate(): void;
}
