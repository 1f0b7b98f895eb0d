import { backoffMs } from '../telemetry/backoff.ts';
import { type Clock, pause } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { KubeClient, Selection } from './client.ts';
import { ConnectionError, isGone, StatusError } from './errors.ts';
import { compareVersions, isOlder } from './resource-version.ts';
import type { Resource } from './resources.ts';
import type { KubeObject } from './types.ts';

/** Where a reflector puts what it reads. */
export interface ReflectorSink<T> {
  /** A complete list. */
  replace(items: T[]): void;
  put(object: T): void;
  remove(object: T): void;
}

export interface ReflectorDeps<T extends KubeObject> {
  readonly client: KubeClient;
  readonly resource: Resource<T>;
  readonly selection: Selection;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly sink: ReflectorSink<T>;
}

const baseBackoffMs = 100;
const capBackoffMs = 30_000;
/** A watch that stood this long ends a series of failures. */
const healthyMs = 1_000;
/** kube-apiserver sends a bookmark about every minute; nothing for longer means that the connection is dead. */
const idleTimeoutMs = 90_000;
const listTimeoutMs = 120_000;

/** Why the last round ended. */
interface Ending {
  readonly error?: unknown;
  /** The server ended it in an orderly way: starting again at once is right, the first time. */
  readonly orderly: boolean;
  /** The watch stood for a while. */
  readonly healthy: boolean;
  /** The watch brought something new, however soon it ended. */
  readonly progress: boolean;
}

/**
 * Keeps a sink equal to what the API server has: one list, then watches from its version on, resumed after every break
 * from the last version seen, and a new list only when that version is too old. Ends soon after the signal; throws never.
 */
export async function runReflector<T extends KubeObject>(
  deps: ReflectorDeps<T>,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log, resource } = deps;
  const rounds = new ReflectorRounds(deps, signal);
  let failures = 0;
  while (!signal.aborted) {
    const ending = await rounds.next();
    if (signal.aborted) return;
    if (ending.healthy) failures = 0;
    // Cut again and again, but each time further on: back soon, yet never without a pause.
    else if (ending.progress) failures = Math.min(failures, 1);
    const waitMs = ending.orderly && failures === 0 ? 0 : waitAfter(ending.error, failures, random);
    if (ending.error !== undefined)
      log.warn({ resource: resource.plural, failures, waitMs, error: ending.error }, 'list or watch failed');
    failures++;
    if (waitMs > 0) await pause(clock, waitMs, signal);
  }
}

function waitAfter(error: unknown, failures: number, random: () => number): number {
  const asked = error instanceof StatusError ? (error.retryAfterMs ?? 0) : 0;
  return Math.max(backoffMs(failures, baseBackoffMs, capBackoffMs, random), Math.min(asked, capBackoffMs));
}

class ReflectorRounds<T extends KubeObject> {
  readonly #deps: ReflectorDeps<T>;
  readonly #signal: AbortSignal;
  /** The last version seen; undefined = a list is due. */
  #version: string | undefined;

  constructor(deps: ReflectorDeps<T>, signal: AbortSignal) {
    this.#deps = deps;
    this.#signal = signal;
  }

  /** A list when one is due, then one watch to its end. */
  async next(): Promise<Ending> {
    try {
      this.#version ??= await this.#list();
    } catch (error) {
      return { error, orderly: false, healthy: false, progress: false };
    }
    return await this.#watch(this.#version);
  }

  async #list(): Promise<string> {
    const { client, resource, selection, sink } = this.#deps;
    const options = { ...selection, signal: this.#signal, timeoutMs: listTimeoutMs };
    const { items, resourceVersion } = await client.list(resource, options);
    sink.replace(items);
    return resourceVersion;
  }

  async #watch(from: string): Promise<Ending> {
    const { client, resource, selection, clock, random, sink } = this.#deps;
    let openedAt: number | undefined;
    let version = from;
    const course = (): Pick<Ending, 'healthy' | 'progress'> => ({
      healthy: openedAt !== undefined && clock.now() - openedAt >= healthyMs,
      progress: version !== from,
    });
    try {
      const watch = client.watch(resource, {
        ...selection,
        signal: this.#signal,
        resourceVersion: from,
        idleTimeoutMs,
        // Spread out, so that the watches of many clients do not all come back in one moment.
        timeoutSeconds: Math.round(300 + random() * 300),
        onOpen: () => {
          openedAt = clock.now();
        },
      });
      for await (const event of watch) {
        if (event.type === 'BOOKMARK') {
          if (isOlder(event.resourceVersion, version)) throw new WentBack(event.resourceVersion, version);
          version = event.resourceVersion;
        } else {
          if (event.type === 'DELETED') sink.remove(event.object);
          else sink.put(event.object);
          version = newer(event.object.metadata?.resourceVersion, version);
        }
        this.#version = version;
      }
      return { orderly: true, ...course() };
    } catch (error) {
      if (needsList(error)) this.#version = undefined;
      return { error, orderly: isGone(error), ...course() };
    }
  }
}

/** Bookmarks only ever move on. One that is older means another history: etcd was restored from a backup. */
class WentBack extends Error {
  override readonly name = 'WentBack';

  constructor(bookmark: string, known: string) {
    super(`the server is at version ${bookmark}, before the known ${known}: listing anew`);
  }
}

/**
 * Breaks, overload, and missing rights pass, and the version stays good. Any other answer (410; 400 for a version that
 * the server cannot read; 504 with ResourceVersionTooLarge for one from its future) is about the version. What cannot be
 * read after this version will not be readable the next time either: a list leads past it.
 */
function needsList(error: unknown): boolean {
  if (error instanceof ConnectionError) return error.kind === 'protocol';
  if (!(error instanceof StatusError)) return true;
  if (error.details?.causes?.some((cause) => cause.reason === 'ResourceVersionTooLarge')) return true;
  return !(error.code >= 500 || [401, 403, 429].includes(error.code));
}

function newer(version: string | undefined, known: string): string {
  if (version === undefined) return known;
  const order = compareVersions(version, known);
  return order !== undefined && order < 0 ? known : version;
}
