import type { Instance, InstanceProvider } from '../../providers/contract/index.ts';
import { type MockCloud, MockProvider } from '../../providers/mock/index.ts';
import type { Pod } from '../../src/kube/types.ts';
import type { PodController } from '../../src/pods/pod-controller.ts';
import type { Verdict } from '../../src/pods/status/pod-status.ts';
import { showsContainers } from './auditor.ts';
import { plainController } from './plain-node.ts';
import { refusedAnnotation } from './pod-script.ts';
import { StoreClient, type WriteHook } from './store-client.ts';
import type { StoreServer } from './store-server.ts';

export const scope = { clusterUid: 'crash-cluster', node: 'burst-0' };

/** What one incarnation of the daemon learnt for certain; a later one starts without it. */
export interface Witness {
  /** It asked the provider for an instance of the Pod, however that ended. */
  readonly asked: Set<string>;
  /** The provider answered this incarnation that the Pod's instance exists. */
  readonly created: Set<string>;
  /** The tokens of those instances. */
  readonly answered: Set<string>;
  /** Created again although it knew better. */
  readonly recreated: Set<string>;
}

export interface DaemonDeps {
  readonly server: StoreServer;
  readonly cloud: MockCloud;
  readonly random: () => number;
  readonly onWrite: WriteHook;
  /** Whether the next list leaves this instance out: a platform whose lists lag behind. */
  readonly overlooks: (instance: Instance) => boolean;
}

/** One incarnation of the daemon, from its start to its end by SIGKILL. */
export class Daemon {
  readonly witness: Witness = {
    asked: new Set(),
    created: new Set(),
    answered: new Set(),
    recreated: new Set(),
  };
  readonly controller: PodController;
  readonly #client: StoreClient;
  readonly #provider: MockProvider;
  readonly #ending = new AbortController();
  #ended = false;

  constructor(deps: DaemonDeps) {
    const { server, cloud, random } = deps;
    this.#client = new StoreClient(server, deps.onWrite);
    this.#provider = new MockProvider({ cloud });
    this.controller = plainController({
      clock: server.clock,
      random,
      client: this.#client,
      provider: witnessed(this.#provider, this.witness, (uid) => this.#shows(uid), deps.overlooks),
      scope,
      admission: { refusal, ephemeralRefusal: () => undefined },
    });
    void this.controller.run(this.#ending.signal).then(() => {
      this.#ended = true;
    });
  }

  /** Every loop of it has come to its end. */
  get ended(): boolean {
    return this.#ended;
  }

  /** The daemon itself has read that the Pod has had an instance. */
  #shows(uid: string): boolean {
    const pod = this.controller.pods.getByUid(uid);
    return pod !== undefined && showsContainers(this.controller.newest(pod));
  }

  /** As kill -9: from here on nothing of it reaches the world, and it hears of nothing. What is on the wire arrives. */
  kill(): void {
    this.#client.kill();
    void this.#provider.close();
    this.#ending.abort();
  }
}

function refusal(pod: Pod): Verdict | undefined {
  if (pod.metadata?.annotations?.[refusedAnnotation] === undefined) return undefined;
  return { reason: 'RefusedByTest', message: 'this Pod cannot be honoured' };
}

function witnessed(
  provider: MockProvider,
  { asked, created, answered, recreated }: Witness,
  shows: (uid: string) => boolean,
  overlooks: (instance: Instance) => boolean,
): InstanceProvider {
  const { sizing, offers } = provider;
  return {
    name: provider.name,
    ...(sizing && offers && { sizing, offers }),
    capabilities: () => provider.capabilities(),
    capacity: (signal) => provider.capacity(signal),
    async create(spec, token, signal) {
      const { podUid } = spec.owner;
      if (answered.has(token) || shows(podUid)) recreated.add(podUid);
      asked.add(podUid);
      const instance = await provider.create(spec, token, signal);
      created.add(podUid);
      answered.add(token);
      return instance;
    },
    // The mock needs no adoption; one that takes a call of its own stands for those that do.
    adopt: (ref, _spec, signal) => provider.update(ref, 'adopted', [], signal),
    stop: (ref, options, signal) => provider.stop(ref, options, signal),
    delete: (ref, signal) => provider.delete(ref, signal),
    async list(owner, signal) {
      const instances = await provider.list(owner, signal);
      return instances.filter((instance) => !overlooks(instance));
    },
    observe: (owner, listener, signal) => provider.observe(owner, listener, signal),
  };
}
