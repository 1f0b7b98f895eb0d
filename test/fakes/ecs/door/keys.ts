import type { KeyPair, KnownKey } from './signature.ts';

/** The access keys of the account. */
export class Keys {
  readonly #known = new Map<string, KnownKey>();
  #sessions = 0;

  constructor(first: KeyPair) {
    this.#known.set(first.accessKeyId, first);
  }

  find(accessKeyId: string): KnownKey | undefined {
    return this.#known.get(accessKeyId);
  }

  /** Temporary credentials, as a role gives them. */
  issueSession(expiresAt: number): KeyPair & { readonly sessionToken: string } {
    const number = ++this.#sessions;
    const secretAccessKey = `session-secret-${number}`;
    const token = `session-token-${number}`;
    const accessKeyId = `ASIAFAKE${String(number).padStart(12, '0')}`;
    this.#known.set(accessKeyId, { secretAccessKey, session: { token, expiresAt } });
    return { accessKeyId, secretAccessKey, sessionToken: token };
  }

  revoke(accessKeyId: string): void {
    this.#known.delete(accessKeyId);
  }
}
