import type { KubeClient } from '../../src/kube/client.ts';
import { createInformer } from '../../src/kube/informer.ts';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { systemClock as clock } from '../../src/telemetry/clock.ts';
import { silentLog as log } from '../../src/telemetry/log.ts';

/** One version of a Pod, as the watch brought it. */
export interface Sight {
  readonly pod: Pod;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** What became of a Pod, version by version. */
export interface History {
  readonly sights: readonly Sight[];
  readonly gone: boolean;
}

/** Keeps every version of the Pods of some namespaces. */
export interface Recorder {
  /** Of the newest Pod of that name. */
  of(namespace: string, name: string): History;
  /** Before a Pod of that name is made again. */
  forget(namespace: string, name: string): void;
  /** Resolves when something about any Pod changed. */
  change(): Promise<void>;
  stop(): Promise<void>;
}

export async function startRecorder(client: KubeClient): Promise<Recorder> {
  const histories = new Map<string, { sights: Sight[]; gone: boolean }>();
  const ending = new AbortController();
  let changed = Promise.withResolvers<void>();
  const informer = createInformer({ client, resource: pods, clock, random: Math.random, log });
  informer.onEvent(({ type, object }) => {
    const key = `${object.metadata?.namespace}/${object.metadata?.name}`;
    // A Pod of the same name is another one.
    const known = (type === 'added' ? undefined : histories.get(key)) ?? { sights: [], gone: false };
    histories.set(key, known);
    known.sights.push({ pod: object, at: Date.now() });
    if (type === 'deleted') known.gone = true;
    changed.resolve();
    changed = Promise.withResolvers();
  });
  const running = informer.run(ending.signal);
  await informer.synced;
  return {
    of: (namespace, name) => histories.get(`${namespace}/${name}`) ?? { sights: [], gone: false },
    forget: (namespace, name) => void histories.delete(`${namespace}/${name}`),
    change: () => changed.promise,
    async stop() {
      ending.abort();
      await running;
    },
  };
}
