import { createHash } from 'node:crypto';
import type { RegisterTaskDefinitionRequest } from '@aws-sdk/client-ecs';
import type { ProviderClock, ProviderLog } from '../contract/index.ts';
import type { EcsApi } from './api/ecs-api.ts';
import { shapeOf, type TaskShape } from './definition/shape.ts';
import { orAborted } from './or-aborted.ts';

export interface DefinitionsDeps {
  readonly api: Pick<
    EcsApi,
    'describeDefinition' | 'registerDefinition' | 'deregisterDefinition' | 'listFamilies'
  >;
  readonly clock: ProviderClock;
  readonly log: ProviderLog;
  /** Name or ARN: those of other clusters of the account are left alone. */
  readonly cluster: string;
  /** Definitions that are kept registered. */
  readonly keep: number;
}

/** Of one attempt to get a definition, whoever waits for it. */
const timeoutMs = 60_000;
/** Shapes remembered beside those of the definitions that are kept. */
const shapesKept = 2000;

interface Kept {
  readonly arn: Promise<string>;
  usedAt: number;
}

/**
 * Task definitions by content. One can be registered per second, so Pods that differ only in arguments and variables
 * share one, and one of an earlier daemon, or of another node, is found by its family, which is named by its content.
 */
export class Definitions {
  readonly #deps: DefinitionsDeps;
  /** What every family of ours in this cluster begins with. */
  readonly #prefix: string;
  readonly #byFamily = new Map<string, Kept>();
  readonly #shapes = new Map<string, Promise<TaskShape>>();
  readonly #closed = new AbortController();
  /** Families of earlier daemons; they go before any that this one has used. */
  #inherited: Promise<string[]> | undefined;
  #retiring: Promise<void> = Promise.resolve();

  constructor(deps: DefinitionsDeps) {
    this.#deps = deps;
    const name = deps.cluster.split('/').at(-1) ?? '';
    this.#prefix = `burstlet-${createHash('sha256').update(name).digest('hex').slice(0, 8)}-`;
  }

  /** The ARN of a definition with that content. */
  async arnOf(content: Omit<RegisterTaskDefinitionRequest, 'family'>, signal: AbortSignal): Promise<string> {
    const family = this.#familyOf(content);
    let kept = this.#byFamily.get(family);
    if (kept === undefined) {
      // Not the caller's signal: others may wait for the same one.
      const arn = this.#obtain(
        family,
        content,
        AbortSignal.any([this.#closed.signal, AbortSignal.timeout(timeoutMs)]),
      );
      const made = { arn, usedAt: 0 };
      kept = made;
      this.#byFamily.set(family, made);
      arn.catch(() => {
        if (this.#byFamily.get(family) === made) this.#byFamily.delete(family);
      });
    }
    kept.usedAt = this.#deps.clock.now();
    return orAborted(kept.arn, signal);
  }

  /** Somebody has deregistered it. */
  drop(content: Omit<RegisterTaskDefinitionRequest, 'family'>): void {
    this.#byFamily.delete(this.#familyOf(content));
  }

  /** How to read the tasks of a definition. Undefined when ECS does not have it any more. */
  async shapeOf(arn: string, signal: AbortSignal): Promise<TaskShape | undefined> {
    const known = this.#shapes.get(arn);
    if (known !== undefined) return orAborted(known, signal);
    const definition = await this.#deps.api.describeDefinition(arn, signal);
    if (definition === undefined) return undefined;
    const shape = shapeOf(definition.containerDefinitions ?? []);
    this.#remember(arn, shape);
    return shape;
  }

  /** Ends what goes on in the background. */
  async close(): Promise<void> {
    this.#closed.abort();
    await this.#retiring;
  }

  #familyOf(content: Omit<RegisterTaskDefinitionRequest, 'family'>): string {
    return `${this.#prefix}${contentHash(content)}`;
  }

  async #obtain(
    family: string,
    content: Omit<RegisterTaskDefinitionRequest, 'family'>,
    signal: AbortSignal,
  ): Promise<string> {
    const { api, log } = this.#deps;
    const found = await api.describeDefinition(family, signal);
    const usable = found?.status === 'ACTIVE' ? found.taskDefinitionArn : undefined;
    const arn = usable ?? (await api.registerDefinition({ ...content, family }, signal));
    this.#remember(arn, shapeOf(content.containerDefinitions ?? []));
    if (usable === undefined) {
      log.debug({ family }, 'registered a task definition');
      this.#retiring = this.#retiring.then(() => this.#retire(family));
    }
    return arn;
  }

  #remember(arn: string, shape: TaskShape): void {
    const [oldest] = this.#shapes.keys();
    if (this.#shapes.size >= shapesKept && oldest !== undefined) this.#shapes.delete(oldest);
    this.#shapes.set(arn, Promise.resolve(shape));
  }

  /** Deregisters what was not used for longest. Tasks that run are not touched by it. */
  async #retire(newest: string): Promise<void> {
    const { api, keep, log } = this.#deps;
    const { signal } = this.#closed;
    try {
      this.#inherited ??= api.listFamilies(this.#prefix, signal);
      const old = (await this.#inherited).filter((family) => !this.#byFamily.has(family));
      const used = [...this.#byFamily].sort(([, a], [, b]) => a.usedAt - b.usedAt).map(([family]) => family);
      const surplus = [...old, ...used.filter((family) => family !== newest)].slice(
        0,
        Math.max(0, old.length + used.length - keep),
      );
      for (const family of surplus) {
        this.#byFamily.delete(family);
        const definition = await api.describeDefinition(family, signal);
        if (definition?.taskDefinitionArn !== undefined)
          await api.deregisterDefinition(definition.taskDefinitionArn, signal);
      }
      this.#inherited = Promise.resolve(old.filter((family) => !surplus.includes(family)));
    } catch (error) {
      this.#inherited = undefined;
      if (!signal.aborted) log.warn({ error: String(error) }, 'old task definitions could not be retired');
    }
  }
}

/** The same for every node and daemon. */
export function contentHash(content: Omit<RegisterTaskDefinitionRequest, 'family'>): string {
  return createHash('sha256').update(canonical(content)).digest('hex').slice(0, 32);
}

/** JSON in which the order of keys means nothing. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const entries = Object.entries(value).filter(([, inner]) => inner !== undefined);
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, inner]) => `${JSON.stringify(key)}:${canonical(inner)}`)
    .join(',')}}`;
}
