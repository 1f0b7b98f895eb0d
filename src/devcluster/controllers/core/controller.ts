import type { Clock } from '../../../telemetry/clock.ts';
import type { Log } from '../../../telemetry/log.ts';
import type { AnyKind, AnyObject, Kind, Pod } from './kinds.ts';
import { ObjectIndex } from './object-index.ts';
import { controllerOf, keyOf, splitKey } from './objects.ts';
import type { Recorder } from './recorder.ts';
import type { TypedStore } from './typed-store.ts';
import { WorkQueue } from './work-queue.ts';
import { applyWrites, type Write } from './writes.ts';

/** What every controller works with. */
export interface Context {
  readonly store: TypedStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly signal: AbortSignal;
  readonly recorder: Recorder;
  readonly pods: PodIndex;
}

/** Pods by what controllers look them up with. */
export class PodIndex {
  readonly #index = new ObjectIndex<Pod>((pod) => {
    const { namespace } = pod.metadata;
    return [
      `in/${namespace}`,
      `of/${controllerOf(pod)?.uid ?? `nobody in ${namespace}`}`,
      ...(pod.spec.nodeName ? [`on/${pod.spec.nodeName}`] : []),
    ];
  });

  follow(store: TypedStore, kind: Kind<Pod>, signal: AbortSignal): void {
    this.#index.follow(store, kind, signal);
  }

  controlledBy(owner: AnyObject): readonly Pod[] {
    return this.#index.get(`of/${owner.metadata.uid}`);
  }

  /** Without a controller. */
  orphans(namespace: string | undefined): readonly Pod[] {
    return this.#index.get(`of/nobody in ${namespace}`);
  }

  inNamespace(namespace: string | undefined): readonly Pod[] {
    return this.#index.get(`in/${namespace}`);
  }

  onNode(name: string): readonly Pod[] {
    return this.#index.get(`on/${name}`);
  }
}

export interface ControllerSpec<T> {
  /** The Events' source, as upstream names it. */
  readonly name: string;
  readonly kind: Kind<T>;
  /** A change of one of these wakes the object that controls it. */
  readonly owns?: readonly AnyKind[];
  /** Brings one object up to date; returns the milliseconds after which to look again. */
  readonly sync: (object: T, apply: (writes: readonly Write[]) => void) => number | undefined;
  /** The object is not there any more. */
  readonly gone?: (namespace: string | undefined, name: string) => void;
}

/** Wires a controller to the store: its kind, what it owns, a queue by namespace/name. Ends with the signal. */
export function startController<T extends AnyObject>(context: Context, spec: ControllerSpec<T>): WorkQueue {
  const { store, signal } = context;
  const apply = (writes: readonly Write[]): void => applyWrites(context, spec.name, writes);
  const queue = new WorkQueue({
    ...context,
    name: spec.name,
    sync: (key) => {
      const { namespace, name } = splitKey(key);
      const object = store.get(spec.kind, namespace, name);
      if (object !== undefined) return spec.sync(object, apply);
      spec.gone?.(namespace, name);
      return undefined;
    },
  });
  const wakeController = (object: AnyObject | undefined): void => {
    const owner = object && controllerOf(object);
    if (owner?.kind === spec.kind.kind) queue.add(`${object?.metadata.namespace ?? ''}/${owner.name}`);
  };
  store.subscribe(spec.kind, signal, ({ object }) => queue.add(keyOf(object)));
  for (const kind of spec.owns ?? []) {
    store.subscribe(kind, signal, ({ object, previous }) => {
      wakeController(object);
      if (previous && controllerOf(previous)?.uid !== controllerOf(object)?.uid) wakeController(previous);
    });
  }
  for (const object of store.list(spec.kind)) queue.add(keyOf(object));
  return queue;
}
