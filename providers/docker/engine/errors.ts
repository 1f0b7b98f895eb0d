import { ProviderError } from '../../contract/errors.ts';

/** An answer of the engine that is not a success: its status and its own words. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export function hasStatus(error: unknown, ...statuses: readonly number[]): error is EngineError {
  return error instanceof EngineError && statuses.includes(error.status);
}

/** There is no such container, or it does not run; Podman may call that a failure of its own. */
export function isNotRunning(error: unknown): error is EngineError {
  return (
    hasStatus(error, 404, 409) || (hasStatus(error, 500) && /container state improper/.test(error.message))
  );
}

/** It can only be removed after others that see its network or its processes (Podman). */
export function hasDependents(error: unknown): boolean {
  return error instanceof EngineError && /has dependent containers/.test(error.message);
}

/**
 * The engine lacks something, and not the container: room, memory, a low-level runtime that works. The same call may
 * succeed later, whatever status it came with.
 */
export function isEngineTrouble(message: string): boolean {
  return troubles.test(message);
}

const troubles = new RegExp(
  [
    'no space left on device',
    'disk quota exceeded',
    'cannot allocate memory',
    'too many open files',
    'context deadline exceeded',
    'unable to retrieve OCI runtime error',
    'unknown runtime specified',
  ].join('|'),
  'i',
);

/**
 * What a failed call means to the node. `doing` is said before the engine's words; `reason` is the reason that a
 * kubelet would show on the container.
 */
export function toProviderError(error: unknown, doing: string, reason?: string): unknown {
  if (!(error instanceof EngineError)) return error;
  const details = { cause: error, ...(reason === undefined ? {} : { reason }) };
  const message = `${doing}: ${error.message}`;
  if (isEngineTrouble(error.message)) return new ProviderError('Retryable', message, details);
  switch (error.status) {
    case 400:
      return new ProviderError('InvalidSpec', message, details);
    case 401:
    case 403:
      return new ProviderError('AuthFailed', message, details);
    case 404:
      return new ProviderError('NotFound', message, details);
    case 501:
      return new ProviderError('Unsupported', message, details);
    default:
      return new ProviderError('Retryable', message, details);
  }
}

/** Makes calls whose failures are told in the words of {@link toProviderError}. */
export async function telling<T>(doing: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toProviderError(error, doing);
  }
}

/** What is not there needs no further work. */
export async function unlessGone(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!hasStatus(error, 404)) throw error;
  }
}
