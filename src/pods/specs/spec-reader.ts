import type { Capacity, Ownership } from '../../../providers/contract/index.ts';
import type { KubeClient } from '../../kube/client.ts';
import { isNotFound } from '../../kube/errors.ts';
import { createInformer, type Informer } from '../../kube/informer.ts';
import { configMaps, secrets, services } from '../../kube/resources.ts';
import type { ConfigMap, Pod, Secret, Service } from '../../kube/types.ts';
import {
  changingObjects,
  objectsInEphemeral,
  objectsInVolumes,
  type ReferencedObject,
  referencedObjects,
  referencedTokens,
} from '../../podspec/referenced-objects.ts';
import type { Missing, NodeDns, References, ResolveContext, Warning } from '../../podspec/references.ts';
import { type ContainerResolution, resolveEphemeral } from '../../podspec/resolve-ephemeral.ts';
import { resolvePod } from '../../podspec/resolve-pod.ts';
import { completeVolumes } from '../../podspec/volumes.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { PodEvents } from '../pod-reconciler.ts';
import { type ObjectRef, ObjectWatches } from './object-watches.ts';
import type {
  EphemeralResolution,
  Freshness,
  Resolution,
  ResolvedVolumes,
  SpecSource,
} from './spec-source.ts';
import { TokenStore } from './token-store.ts';

export interface SpecReaderDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  readonly hostIp: () => string;
  readonly capacity: () => Capacity;
  readonly dns: NodeDns;
  /** False where a cluster without DNS is what was asked for. */
  readonly expectsDns: boolean;
  readonly events: PodEvents;
  readonly retry: (uid: string) => void;
}

/**
 * Reads what a Pod refers to, at the moment it is needed, and resolves it. Of what is missing only the objects named
 * are watched, and only as long as a Pod waits; Services are followed, for every container gets their variables.
 */
export class SpecReader implements SpecSource {
  readonly #deps: SpecReaderDeps;
  readonly #waits: ObjectWatches;
  readonly #tokens: TokenStore;
  readonly #services: Informer<Service>;
  #toldMissingDns = false;

  constructor(deps: SpecReaderDeps) {
    this.#deps = deps;
    this.#waits = new ObjectWatches({ ...deps, onChange: deps.retry });
    this.#tokens = new TokenStore(deps);
    const { clock, random, log, client } = deps;
    const indexers = { namespace: ({ metadata }: Service) => [metadata?.namespace ?? ''] };
    this.#services = createInformer({ clock, random, log, client, resource: services, indexers });
  }

  /** Follows the Services until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#services.run(signal);
    this.#waits.close();
  }

  async resolve(pod: Pod, owner: Ownership, signal: AbortSignal): Promise<Resolution> {
    const [objects] = await Promise.all([
      this.#read(pod, referencedObjects(pod), signal),
      this.#services.synced,
    ]);
    const refs = { ...objects, services: this.#servicesFor(pod) };
    const resolution = resolvePod(pod, refs, this.#context(owner));
    this.#waits.set(owner.podUid, resolution.kind === 'missing' ? resolution.missing.flatMap(watchable) : []);
    switch (resolution.kind) {
      case 'spec':
        for (const warning of resolution.warnings) this.#warn(pod, warning);
        return {
          kind: 'spec',
          spec: resolution.spec,
          ...this.#freshness(pod, refs),
        };
      case 'missing': {
        const [{ reason, message, container }] = resolution.missing;
        return { kind: 'waiting', verdict: { reason, message, ...(container && { container }) } };
      }
      case 'invalid': {
        const [{ reason, field, message }] = resolution.invalid;
        return { kind: 'invalid', verdict: { reason, message: `Pod was rejected: ${field}: ${message}` } };
      }
    }
  }

  async ephemeral(
    pod: Pod,
    names: readonly string[],
    owner: Ownership,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, EphemeralResolution>> {
    const [objects] = await Promise.all([
      this.#objects(objectsInEphemeral(pod, names), signal),
      this.#services.synced,
    ]);
    const refs = { ...objects, tokens: new Map<string, string>(), services: this.#servicesFor(pod) };
    const resolutions = resolveEphemeral(pod, names, refs, this.#context(owner));
    const missing = [...resolutions.values()].flatMap((one) => (one.kind === 'missing' ? one.missing : []));
    this.#waits.set(owner.podUid, missing.flatMap(watchable));
    return new Map([...resolutions].map(([name, one]) => [name, ephemeralVerdict(one)]));
  }

  async volumes(pod: Pod, owner: Ownership, signal: AbortSignal): Promise<ResolvedVolumes> {
    const refs = { ...(await this.#read(pod, objectsInVolumes(pod), signal)), services: [] };
    const volumes = completeVolumes({ pod, refs, context: this.#context(owner) });
    return { volumes, ...this.#freshness(pod, refs) };
  }

  #freshness(pod: Pod, refs: References): Freshness {
    return {
      changing: changingObjects(pod, refs),
      staleAt: this.#tokens.staleAt(pod.metadata?.uid ?? ''),
    };
  }

  #context(owner: Ownership): ResolveContext {
    const { hostIp, capacity } = this.#deps;
    return { owner, hostIps: [hostIp()], allocatable: capacity().resources, dns: this.#dns() };
  }

  /**
   * What the configuration names goes before what can be found out: the DNS Service of a cluster goes by this name since
   * the days of kube-dns, whatever serves it, but not everywhere.
   */
  #dns(): NodeDns {
    if (this.#deps.dns.clusterDns.length > 0) return this.#deps.dns;
    const { clusterIP } = this.#services.cache.get('kube-system/kube-dns')?.spec ?? {};
    return clusterIP && clusterIP !== 'None'
      ? { ...this.#deps.dns, clusterDns: [clusterIP] }
      : this.#deps.dns;
  }

  /** A cluster without DNS is a matter of the node: said once, and not of every Pod. */
  #warn(pod: Pod, { reason, message }: Warning): void {
    if (reason !== 'MissingClusterDNS') this.#deps.events(pod, 'Warning', reason, message);
    else if (!this.#toldMissingDns)
      this.#deps.log[this.#deps.expectsDns ? 'warn' : 'info'](
        {},
        'the cluster has no Service kube-system/kube-dns: Pods use the DNS of the host, unless burstlet.yaml names dns.nameservers',
      );
    this.#toldMissingDns ||= reason === 'MissingClusterDNS';
  }

  forget(uid: string): void {
    this.#waits.set(uid, []);
    this.#tokens.forget(uid);
  }

  async #read(
    pod: Pod,
    objects: readonly ReferencedObject[],
    signal: AbortSignal,
  ): Promise<Omit<References, 'services'>> {
    const tokens = new Map<string, string>();
    const requests = referencedTokens(pod).map((token) =>
      keep(tokens, token.key, this.#tokens.get(pod, token, signal)),
    );
    const [found] = await Promise.all([this.#objects(objects, signal), ...requests]);
    return { ...found, tokens };
  }

  async #objects(
    objects: readonly ReferencedObject[],
    signal: AbortSignal,
  ): Promise<Pick<References, 'configMaps' | 'secrets'>> {
    const found = { configMaps: new Map<string, ConfigMap>(), secrets: new Map<string, Secret>() };
    const reads = objects.map(async ({ kind, namespace, name }) => {
      if (kind === 'ConfigMap')
        await keep(
          found.configMaps,
          name,
          this.#deps.client.get(configMaps, { namespace, name }, { signal }),
        );
      else await keep(found.secrets, name, this.#deps.client.get(secrets, { namespace, name }, { signal }));
    });
    await Promise.all(reads);
    return found;
  }

  #servicesFor({ metadata }: Pod): Service[] {
    const { namespace = '' } = metadata ?? {};
    const kubernetes = namespace === 'default' ? undefined : this.#services.cache.get('default/kubernetes');
    return [
      ...this.#services.cache.byIndex('namespace', namespace),
      ...(kubernetes === undefined ? [] : [kubernetes]),
    ];
  }
}

/** What is not there is left out: that is for the resolver to judge. */
async function keep<T>(into: Map<string, T>, name: string, reading: Promise<T>): Promise<void> {
  try {
    into.set(name, await reading);
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

function ephemeralVerdict(resolution: ContainerResolution): EphemeralResolution {
  switch (resolution.kind) {
    case 'container':
      return resolution;
    case 'missing': {
      const [{ reason, message }] = resolution.missing;
      return { kind: 'waiting', verdict: { reason, message } };
    }
    case 'invalid': {
      const [{ reason, field, message }] = resolution.invalid;
      return { kind: 'invalid', verdict: { reason, message: `${field}: ${message}` } };
    }
  }
}

function watchable({ kind, namespace, name }: Missing): ObjectRef[] {
  return kind === 'ConfigMap' || kind === 'Secret' ? [{ kind, namespace, name }] : [];
}
