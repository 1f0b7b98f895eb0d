import { ApiError } from './request/api-error.ts';

interface Reply {
  readonly fingerprint: string;
  readonly body: object | ApiError;
}

/**
 * Answers by ClientToken, kept for ever: the same token with the same parameters gets the same answer, whatever became
 * of what it made. A stock failure is kept too: another try needs another token. Other errors are not.
 */
export class Replies {
  readonly #byToken = new Map<string, Reply>();

  /** `token`: of the action, too. `fingerprint`: of all other parameters. */
  answer(token: string, fingerprint: string, act: () => object): object {
    const known = this.#byToken.get(token);
    if (known !== undefined && known.fingerprint !== fingerprint)
      throw new ApiError(
        400,
        'IdempotentParameterMismatch',
        'The request uses the same client token as a previous, but non-identical request.',
      );
    if (known?.body instanceof ApiError) throw known.body;
    if (known !== undefined) return known.body;
    try {
      const body = act();
      this.#byToken.set(token, { fingerprint, body });
      return body;
    } catch (error) {
      if (error instanceof ApiError && error.code.endsWith('NoStock'))
        this.#byToken.set(token, { fingerprint, body: error });
      throw error;
    }
  }
}
