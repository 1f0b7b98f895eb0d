import type { KubeClient } from '../kube/client.ts';
import { createInformer } from '../kube/informer.ts';
import { configMaps, secrets } from '../kube/resources.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';

export interface ObjectRef {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
}

export interface ObjectWaitsDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  /** The object came, or changed: Pods that wait for it may try again. */
  readonly retry: (uid: string) => void;
}

interface Wait {
  readonly uids: Set<string>;
  readonly stop: AbortController;
}

/**
 * Watches the ConfigMaps and Secrets that Pods wait for, each by its name and only while somebody waits: a node may
 * not read others (node authorizer), and need not.
 */
export class ObjectWaits {
  readonly #deps: ObjectWaitsDeps;
  readonly #waits = new Map<string, Wait>();

  constructor(deps: ObjectWaitsDeps) {
    this.#deps = deps;
  }

  /** The Pod waits for exactly these from now on. */
  set(uid: string, refs: readonly ObjectRef[]): void {
    const wanted = new Map(refs.map((ref) => [`${ref.kind}/${ref.namespace}/${ref.name}`, ref]));
    for (const [key, wait] of this.#waits) {
      if (wanted.has(key) || !wait.uids.delete(uid) || wait.uids.size > 0) continue;
      wait.stop.abort();
      this.#waits.delete(key);
    }
    for (const [key, ref] of wanted) {
      const wait = this.#waits.get(key) ?? this.#start(key, ref);
      wait.uids.add(uid);
    }
  }

  /** Ends all watches. */
  close(): void {
    for (const { stop } of this.#waits.values()) stop.abort();
    this.#waits.clear();
  }

  #start(key: string, { kind, namespace, name }: ObjectRef): Wait {
    const { clock, random, log, client, retry } = this.#deps;
    const wait: Wait = { uids: new Set(), stop: new AbortController() };
    this.#waits.set(key, wait);
    const informer = createInformer({
      ...{ clock, random, log, client },
      resource: kind === 'ConfigMap' ? configMaps : secrets,
      selection: { namespace, fieldSelector: `metadata.name=${name}` },
    });
    informer.onEvent(({ type }) => {
      if (type !== 'deleted') for (const uid of [...wait.uids]) retry(uid);
    });
    void informer.run(wait.stop.signal);
    return wait;
  }
}
