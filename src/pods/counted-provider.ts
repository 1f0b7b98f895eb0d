import { type InstanceProvider, providerErrorKind } from '../../providers/contract/index.ts';
import type { Clock } from '../telemetry/clock.ts';

export type CallCounter = (call: {
  readonly call: string;
  readonly outcome: string;
  readonly seconds: number;
}) => void;

/** The same provider, with every call that goes over the wire counted and timed; not those that stream. */
export function countedProvider(
  provider: InstanceProvider,
  clock: Clock,
  count: CallCounter,
): InstanceProvider {
  async function counted<T>(call: string, run: () => Promise<T>): Promise<T> {
    const begun = clock.now();
    const done = (outcome: string): void => count({ call, outcome, seconds: (clock.now() - begun) / 1000 });
    try {
      const result = await run();
      done('ok');
      return result;
    } catch (error) {
      done(providerErrorKind(error));
      throw error;
    }
  }
  const {
    sizing,
    wishes,
    offers,
    adopt,
    update,
    logs,
    exec,
    attach,
    portForward,
    addContainer,
    stats,
    close,
  } = provider;
  return {
    name: provider.name,
    capabilities: () => provider.capabilities(),
    ...(sizing && { sizing }),
    ...(wishes && { wishes }),
    ...(offers && { offers: () => offers.call(provider) }),
    capacity: (signal) => counted('capacity', () => provider.capacity(signal)),
    create: (spec, token, signal) => counted('create', () => provider.create(spec, token, signal)),
    stop: (ref, options, signal) => counted('stop', () => provider.stop(ref, options, signal)),
    delete: (ref, signal) => counted('delete', () => provider.delete(ref, signal)),
    list: (scope, signal) => counted('list', () => provider.list(scope, signal)),
    observe: (scope, listener, signal) => provider.observe(scope, listener, signal),
    ...(adopt && {
      adopt: (ref, spec, signal, previous) =>
        counted('adopt', () => adopt.call(provider, ref, spec, signal, previous)),
    }),
    ...(update && {
      update: (ref, volume, files, signal) =>
        counted('update', () => update.call(provider, ref, volume, files, signal)),
    }),
    ...(logs && { logs: (ref, query, signal) => logs.call(provider, ref, query, signal) }),
    ...(exec && { exec: (...call) => exec.call(provider, ...call) }),
    ...(attach && { attach: (...call) => attach.call(provider, ...call) }),
    ...(portForward && { portForward: (...call) => portForward.call(provider, ...call) }),
    ...(addContainer && {
      addContainer: (...call) => counted('addContainer', () => addContainer.call(provider, ...call)),
    }),
    ...(stats && { stats: (scope, signal) => counted('stats', () => stats.call(provider, scope, signal)) }),
    ...(close && { close: () => close.call(provider) }),
  };
}
