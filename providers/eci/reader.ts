import type { CallPriority, OwnerScope, ProviderClock } from '../contract/index.ts';
import { delay, ownershipTags, ProviderError } from '../contract/index.ts';
import type { Calls } from './api/calls.ts';
import type { Group, GroupStatus } from './api/eci-api.ts';

/** DescribeContainerGroups: IDs in one call, and groups on one page. */
const batch = 20;
const statusPage = 200;
/** A listing that never ends is broken; 50,000 instances have 2,500 pages. */
const mostPages = 10_000;
const proofAttempts = 2;
const proofRestMs = 500;
/** Permission that was seen so recently is taken to be there still, where an empty answer is what is to be expected. */
const provenMs = 60_000;

export interface ReaderDeps {
  readonly calls: Calls;
  readonly clock: ProviderClock;
  /** Whether it is no wonder that the group is missing: the API has accepted its deletion. */
  readonly isLeaving: (id: string) => boolean;
}

/**
 * Reads groups. To a user without permission the API shows an empty list, not an error; so an empty answer counts only
 * once it is proven that there would have been something to see: see {@link GroupReader.prove}.
 */
export class GroupReader {
  readonly #deps: ReaderDeps;
  /** When a group was shown last, milliseconds. */
  #provenAt = Number.NEGATIVE_INFINITY;

  constructor(deps: ReaderDeps) {
    this.#deps = deps;
  }

  /** Every group that carries the marks of the scope: complete, or rejected. `expectsNone`: as far as is known. */
  async all(scope: OwnerScope, expectsNone: boolean, signal: AbortSignal): Promise<readonly Group[]> {
    const groups: Group[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const answer = await this.#deps.calls.call(
        'describeContainerGroups',
        { tag: scopeTags(scope), limit: batch, withEvent: true, ...(nextToken && { nextToken }) },
        { urgency: 'status' },
        signal,
      );
      groups.push(...this.#shown(answer.containerGroups));
      nextToken = answer.nextToken;
      if (!nextToken) {
        if (groups.length === 0 && !(expectsNone && this.#isProven())) await this.prove(signal);
        return groups;
      }
    }
    throw new ProviderError('Retryable', `the listing of instances did not end after ${mostPages} pages`);
  }

  /** Statuses of the scope: of those that changed in the last seconds, or of all. */
  async statuses(
    scope: OwnerScope,
    sinceSecond: number | undefined,
    signal: AbortSignal,
  ): Promise<readonly GroupStatus[]> {
    const statuses: GroupStatus[] = [];
    let nextToken: string | undefined;
    for (let page = 0; page < mostPages; page++) {
      const answer = await this.#deps.calls.call(
        'describeContainerGroupStatus',
        {
          tag: scopeTags(scope),
          limit: statusPage,
          ...(sinceSecond !== undefined && { sinceSecond }),
          ...(nextToken && { nextToken }),
        },
        { urgency: 'status' },
        signal,
      );
      statuses.push(...(answer.data ?? []));
      nextToken = answer.nextToken;
      if (!nextToken) return statuses;
    }
    throw new ProviderError('Retryable', `the listing of statuses did not end after ${mostPages} pages`);
  }

  /** Those of the groups that there are; that the others are not there is proven. */
  async some(
    ids: readonly string[],
    urgency: CallPriority,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Group>> {
    const found = new Map<string, Group>();
    const batches = Array.from({ length: Math.ceil(ids.length / batch) }, (_, index) =>
      ids.slice(index * batch, (index + 1) * batch),
    );
    const { calls, isLeaving } = this.#deps;
    const answers = await Promise.all(
      batches.map((some) =>
        calls.call(
          'describeContainerGroups',
          { containerGroupIds: JSON.stringify(some), limit: batch, withEvent: true },
          { urgency },
          signal,
        ),
      ),
    );
    let isOpen = false;
    for (const [index, { containerGroups }] of answers.entries()) {
      for (const group of this.#shown(containerGroups)) found.set(group.containerGroupId ?? '', group);
      // Of a batch that showed one group, the others are truly missing.
      const isExpected = batches[index]?.every(isLeaving) && this.#isProven();
      isOpen ||= !containerGroups?.length && !isExpected;
    }
    if (isOpen) await this.prove(signal);
    return found;
  }

  /** The groups of one Pod, for a create whose outcome is unknown. */
  async ofPod(podUid: string, signal: AbortSignal): Promise<readonly Group[]> {
    const { containerGroups = [] } = await this.#deps.calls.call(
      'describeContainerGroups',
      { tag: [{ key: 'burstlet.dev/uid', value: podUid }], limit: batch, withEvent: true },
      { urgency: 'create' },
      signal,
    );
    return containerGroups;
  }

  /**
   * Proves that an empty answer was the truth: either the same call shows groups when it is not asked for certain ones,
   * or the account uses no vCPU at all. Rejects with AuthFailed otherwise.
   */
  async prove(signal: AbortSignal): Promise<void> {
    const { calls, clock } = this.#deps;
    for (let attempt = 1; ; attempt++) {
      // In this order: what uses vCPU now is in a list that is asked for later, unless it ended in between.
      const { usedCpu } = await readUsage(calls, signal);
      if (usedCpu === 0) return;
      const { containerGroups = [] } = await calls.call(
        'describeContainerGroups',
        { limit: 1 },
        { urgency: 'status' },
        signal,
      );
      if (this.#shown(containerGroups).length > 0) return;
      if (attempt === proofAttempts)
        throw new ProviderError(
          'AuthFailed',
          `describeContainerGroups shows nothing although ${usedCpu ?? 'an unknown number of'} vCPU are in use: without permission the list is empty; grant eci:DescribeContainerGroups on all instances (docs/guides/burst-to-eci.md)`,
        );
      await delay(clock, proofRestMs, signal);
      signal.throwIfAborted();
    }
  }

  #shown(groups: readonly Group[] = []): readonly Group[] {
    if (groups.length > 0) this.#provenAt = this.#deps.clock.now();
    return groups;
  }

  #isProven(): boolean {
    return this.#deps.clock.now() < this.#provenAt + provenMs;
  }
}

export interface Usage {
  readonly usedCpu?: number;
  readonly maxCpu?: number;
}

/** vCPU of the region: in use, and allowed. */
export async function readUsage(calls: Calls, signal: AbortSignal): Promise<Usage> {
  const { attributes = {} } = await calls.call('listUsage', {}, { urgency: 'status' }, signal);
  const entries: Readonly<Record<string, unknown>> = attributes;
  const usedCpu = asNumber(entries.UsedCpu);
  const maxCpu = asNumber(entries.MaxCpu);
  return { ...(usedCpu !== undefined && { usedCpu }), ...(maxCpu !== undefined && { maxCpu }) };
}

/** The API types its usage as `any`: numbers have been seen as numbers and as texts. */
function asNumber(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}

function scopeTags({ clusterUid, node }: OwnerScope): { readonly key: string; readonly value: string }[] {
  const tags = ownershipTags({ clusterUid, node, namespace: '', name: '', podUid: '', attempt: 0 });
  return ['burstlet.dev/cluster', 'burstlet.dev/node'].map((key) => ({ key, value: tags[key] ?? '' }));
}
