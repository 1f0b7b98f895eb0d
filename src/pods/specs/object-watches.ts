import type { KubeClient } from '../../kube/client.ts';
import { createInformer } from '../../kube/informer.ts';
import { configMaps, secrets } from '../../kube/resources.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';

export interface ObjectRef {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
}

export interface ObjectWatchesDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  /** An object that the Pod asked about came, or changed, or was seen for the first time. */
  readonly onChange: (uid: string) => void;
}

interface Watch {
  readonly uids: Set<string>;
  readonly stop: AbortController;
}

/**
 * Watches ConfigMaps and Secrets on behalf of Pods, each by its name and only while some Pod asks: a node may not read
 * others (node authorizer), and need not.
 */
export class ObjectWatches {
  readonly #deps: ObjectWatchesDeps;
  readonly #watches = new Map<string, Watch>();

  constructor(deps: ObjectWatchesDeps) {
    this.#deps = deps;
  }

  /** The Pod asks about exactly these from now on. */
  set(uid: string, refs: readonly ObjectRef[]): void {
    const wanted = new Map(refs.map((ref) => [`${ref.kind}/${ref.namespace}/${ref.name}`, ref]));
    for (const [key, watch] of this.#watches) {
      if (wanted.has(key) || !watch.uids.delete(uid) || watch.uids.size > 0) continue;
      watch.stop.abort();
      this.#watches.delete(key);
    }
    for (const [key, ref] of wanted) {
      const watch = this.#watches.get(key) ?? this.#start(key, ref);
      watch.uids.add(uid);
    }
  }

  /** Ends all watches. */
  close(): void {
    for (const { stop } of this.#watches.values()) stop.abort();
    this.#watches.clear();
  }

  #start(key: string, { kind, namespace, name }: ObjectRef): Watch {
    const { clock, random, log, client, onChange } = this.#deps;
    const watch: Watch = { uids: new Set(), stop: new AbortController() };
    this.#watches.set(key, watch);
    const informer = createInformer({
      ...{ clock, random, log, client },
      resource: kind === 'ConfigMap' ? configMaps : secrets,
      selection: { namespace, fieldSelector: `metadata.name=${name}` },
    });
    informer.onEvent(({ type }) => {
      if (type !== 'deleted') for (const uid of [...watch.uids]) onChange(uid);
    });
    void informer.run(watch.stop.signal);
    return watch;
  }
}
