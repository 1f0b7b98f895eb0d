import type {
  Capabilities,
  Capacity,
  FileSpec,
  Instance,
  InstanceListener,
  InstanceProvider,
  InstanceRef,
  InstanceSpec,
  InstanceStats,
  LogEntry,
  LogQuery,
  Offer,
  OwnerScope,
  SizingRules,
  StopOptions,
} from '../contract/index.ts';
import { ProviderError } from '../contract/index.ts';
import type { MockCall, MockCallKind } from './call.ts';
import { mockCapabilities } from './capabilities.ts';
import type { MockCloud } from './cloud.ts';
import { mockLog } from './logs.ts';
import { mockSizing } from './market.ts';

/**
 * Speaks to a {@link MockCloud} as an adapter speaks to its cloud. After {@link MockProvider.close} it is dead, as
 * after a crash: calls in flight are given up, further ones are refused and reach nothing, no listener hears anything.
 */
export class MockProvider implements InstanceProvider {
  readonly name = 'mock';
  readonly sizing?: SizingRules;
  readonly offers?: () => readonly Offer[];
  readonly #cloud: MockCloud;
  readonly #closed = new AbortController();

  constructor(deps: { readonly cloud: MockCloud }) {
    this.#cloud = deps.cloud;
    const { market } = deps.cloud;
    if (market === undefined) return;
    this.sizing = mockSizing;
    this.offers = () => market.offers;
  }

  capabilities(): Capabilities {
    return mockCapabilities;
  }

  capacity(signal: AbortSignal): Promise<Capacity> {
    return this.#call('capacity', {}, signal, (cloud) => cloud.capacity);
  }

  create(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<Instance> {
    const about = { podUid: spec.owner.podUid, token };
    return this.#call('create', about, signal, (cloud) => cloud.create(spec, token));
  }

  update(ref: InstanceRef, _volume: string, _files: readonly FileSpec[], signal: AbortSignal): Promise<void> {
    return this.#call('update', { podUid: ref.podUid }, signal, (cloud) => {
      cloud.inspect(ref);
    });
  }

  stop(ref: InstanceRef, options: StopOptions, signal: AbortSignal): Promise<void> {
    return this.#call('stop', { podUid: ref.podUid, instance: ref.id }, signal, (cloud) =>
      cloud.stop(ref, options.gracePeriodSeconds),
    );
  }

  delete(ref: InstanceRef, signal: AbortSignal): Promise<void> {
    const about = { podUid: ref.podUid, instance: ref.id };
    return this.#call('delete', about, signal, (cloud) => cloud.delete(ref));
  }

  list(scope: OwnerScope, signal: AbortSignal): Promise<readonly Instance[]> {
    return this.#call('list', {}, signal, (cloud) => cloud.list(scope));
  }

  async observe(scope: OwnerScope, listener: InstanceListener, signal: AbortSignal): Promise<void> {
    // Subscribed before anything is awaited: no change after the call is missed, however slow the call is.
    const ended = new AbortController();
    const end = AbortSignal.any([signal, this.#closed.signal, ended.signal]);
    const stream = this.#cloud.observe(scope, listener, end);
    const opened = this.#call('observe', {}, end, () => undefined).catch((error: unknown) => {
      if (end.aborted) return;
      ended.abort();
      throw error;
    });
    await Promise.all([stream, opened]);
  }

  async *logs(ref: InstanceRef, query: LogQuery, signal: AbortSignal): AsyncGenerator<LogEntry> {
    const end = AbortSignal.any([signal, this.#closed.signal]);
    const about = { podUid: ref.podUid };
    yield* await this.#call('logs', about, end, (cloud) => mockLog(cloud, ref, query, end));
  }

  stats(scope: OwnerScope, signal: AbortSignal): Promise<readonly InstanceStats[]> {
    return this.#call('stats', {}, signal, (cloud) => cloud.stats(scope));
  }

  async close(): Promise<void> {
    this.#closed.abort(new ProviderError('Retryable', 'the provider is closed'));
  }

  #call<T>(
    kind: MockCallKind,
    about: Pick<MockCall, 'podUid' | 'instance' | 'token'>,
    signal: AbortSignal,
    effect: (cloud: MockCloud) => T,
  ): Promise<T> {
    const either = AbortSignal.any([signal, this.#closed.signal]);
    return this.#cloud.front.pass(kind, about, either, () => effect(this.#cloud));
  }
}
