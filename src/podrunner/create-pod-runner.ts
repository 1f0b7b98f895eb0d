import type {
  ContainerRuntime,
  InstanceProvider,
  InstanceRef,
  OwnerScope,
  ProbeOutcome,
} from '../../providers/contract/index.ts';
import { ProviderError } from '../../providers/contract/index.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import { logTarget } from './log-target.ts';
import type { PodRunner } from './pod-runner.ts';
import { notFound, RunnerTable, scopeKey, scopeOf } from './runner-table.ts';
import { watchScope } from './scope-watch.ts';
import { aborted } from './sharing.ts';

export interface PodRunnerOptions {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Hears of every probe. */
  readonly onProbe?: ((outcome: ProbeOutcome) => void) | undefined;
}

/**
 * Makes an InstanceProvider of a ContainerRuntime: one sandbox per Pod, supervised from within this process with the
 * kubelet's semantics. Sandboxes found by `list` are only looked at until `adopt` hands over their spec; `stop` and
 * `delete` work at once. That a Pod was asked to stop is not remembered across a restart of the daemon: one that is
 * being deleted should not be adopted without being stopped in the same turn (preStop hooks run then, restarts do not).
 */
export function createPodRunner(options: PodRunnerOptions): InstanceProvider {
  const { runtime, log } = options;
  const life = new AbortController();
  const table = new RunnerTable({ ...options, signal: life.signal });
  const watches = new Map<string, Promise<void>>();

  /** Runners live from the runtime's events, whether anybody observes the provider or not. */
  function watch(scope: OwnerScope): void {
    const key = scopeKey(scope);
    if (watches.has(key) || life.signal.aborted) return;
    const deps = {
      ...options,
      listener: table.take.bind(table),
      refresh: table.refresh.bind(table),
    };
    watches.set(key, watchScope(deps, scope, life.signal));
  }

  function known(ref: InstanceRef): PodRunner {
    const runner = table.get(ref);
    if (runner === undefined) throw notFound(ref);
    return runner;
  }

  const { updateVolume, attach, portForward } = runtime;
  return {
    name: runtime.name,
    capabilities: () => runtime.capabilities(),
    capacity: (signal) => runtime.capacity(signal),

    async create(spec, token, signal) {
      signal.throwIfAborted();
      watch(scopeOf(spec.owner));
      const runner = table.put(await runtime.createSandbox(spec, token, signal));
      runner.supervise(spec);
      return runner.instance;
    },

    async adopt(ref, spec, signal, previous) {
      signal.throwIfAborted();
      if (spec.owner.podUid !== ref.podUid)
        throw new ProviderError('InvalidSpec', `spec of Pod ${spec.owner.podUid} for instance ${ref.id}`);
      if (table.get(ref) === undefined) await table.refresh(scopeOf(spec.owner), signal);
      known(ref).supervise(spec, previous);
      watch(scopeOf(spec.owner));
    },

    async addContainer(ref, spec, signal) {
      signal.throwIfAborted();
      known(ref).add(spec);
    },

    async stop(ref, { gracePeriodSeconds }, signal) {
      signal.throwIfAborted();
      const runner = known(ref);
      watch(scopeOf(runner.owner));
      runner.requestStop(gracePeriodSeconds);
    },

    async delete(ref, signal) {
      signal.throwIfAborted();
      const runner = table.get(ref);
      await runner?.halt();
      await runtime.removeSandbox(ref.id, signal);
      if (runner !== undefined) table.dropRemoved(runner);
      log.debug({ instance: ref.id, podUid: ref.podUid }, 'sandbox removed');
    },

    async list(scope, signal) {
      await table.refresh(scope, signal);
      return table.inScope(scope).map((runner) => runner.instance);
    },

    async observe(scope, listener, signal) {
      const unlisten = table.listen(scope, listener);
      watch(scope);
      await aborted(AbortSignal.any([signal, life.signal]));
      unlisten();
    },

    async *logs(ref, query, signal) {
      const { container, previous, ...rest } = query;
      const id = logTarget(known(ref).instance, { container, previous });
      yield* runtime.logs(ref.id, id, rest, signal);
    },

    async exec(ref, container, request, streams, signal) {
      const { id } = known(ref).running(container);
      return await runtime.exec(ref.id, id, request, streams, signal);
    },

    async stats(scope, signal) {
      const sandboxes = await runtime.stats(scope, signal);
      return sandboxes.map(({ sandboxId, podUid, ...measured }) => ({
        ref: { id: sandboxId, podUid },
        ...measured,
      }));
    },

    ...(updateVolume && {
      async update(ref, volume, files, signal) {
        await updateVolume.call(runtime, known(ref).id, volume, files, signal);
      },
    }),

    ...(attach && {
      async attach(ref, container, streams, signal) {
        const { id } = known(ref).running(container);
        await attach.call(runtime, ref.id, id, streams, signal);
      },
    }),

    ...(portForward && {
      async portForward(ref, port, connection, signal) {
        await portForward.call(runtime, known(ref).id, port, connection, signal);
      },
    }),

    async close() {
      life.abort();
      await Promise.all([...watches.values(), ...table.all().map((runner) => runner.dispose())]);
      await runtime.close?.();
    },
  };
}
