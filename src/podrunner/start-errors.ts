import type { WaitingState } from '../../providers/contract/index.ts';
import { ProviderError, providerErrorKind } from '../../providers/contract/index.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import { messageOf } from './checks/checker.ts';
import type { StartError } from './state.ts';

/** Milliseconds. Pulls are repeated as the kubelet does (images/image_manager.go); a runtime that is away comes back sooner. */
const pullBackoff = { baseMs: 10_000, capMs: 300_000 };
const startBackoff = { baseMs: 1_000, capMs: 30_000 };

/** How long a failed pull shows its error before it shows that it waits. */
const shownMs = 5_000;

/** What a rejected start call means. `attempts` counts those of this run before. */
export function startErrorOf(
  error: unknown,
  run: number,
  attempts: number,
  now: number,
  random: () => number,
): StartError {
  const refused = providerErrorKind(error) === 'InvalidSpec';
  const told = error instanceof ProviderError ? error : undefined;
  const reason = told?.reason ?? (refused ? 'CreateContainerConfigError' : 'CreateContainerError');
  const isPull = reason === 'ErrImagePull';
  const { baseMs, capMs } = isPull ? pullBackoff : startBackoff;
  const waitMs = isPull
    ? Math.min(capMs, baseMs * 2 ** attempts)
    : backoffMs(attempts, baseMs, capMs, random);
  return {
    run,
    reason,
    message: messageOf(error),
    attempts: attempts + 1,
    failedAt: now,
    retryAt: now + Math.max(told?.retryAfterMs ?? 0, waitMs),
  };
}

/** What the container shows meanwhile. */
export function waitingFor(error: StartError, image: string, now: number): WaitingState {
  const { reason, message } = error;
  if (reason === 'ErrImagePull' && now >= error.failedAt + shownMs)
    return {
      kind: 'waiting',
      reason: 'ImagePullBackOff',
      message: `Back-off pulling image "${image}": ${reason}: ${message}`,
    };
  return { kind: 'waiting', reason, message };
}

/** When {@link waitingFor} or the error itself changes next, after `now`. */
export function nextChange({ failedAt, retryAt }: StartError, now: number): number {
  return failedAt + shownMs > now ? Math.min(failedAt + shownMs, retryAt) : retryAt;
}
