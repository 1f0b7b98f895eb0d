import { FakeClock } from '../../telemetry/fake-clock.ts';
import { type Log, silentLog } from '../../telemetry/log.ts';
import { MemoryStore } from '../store/memory-store.ts';
import { type AnyObject, type Job, type Kind, kinds, type Pod, type PodTemplate } from './core/kinds.ts';
import { isDeleting, timestamp } from './core/objects.ts';
import { TypedStore } from './core/typed-store.ts';
import { startControllers } from './index.ts';

/** What the node of the test makes of a Pod that was bound to it. */
export type Behaviour = 'ready' | 'running' | 'pending' | 'failed' | 'succeeded';

export interface TestClusterOptions {
  readonly behave?: (pod: Pod) => Behaviour;
  /** Pods being deleted stay until `finish` is called. */
  readonly lingering?: boolean;
  readonly nodes?: readonly string[];
  readonly log?: Log;
}

/** The embedded control plane in a test: the real store and controllers, a hand-driven clock, and a node that is told what to do. */
export class TestCluster {
  readonly clock = new FakeClock();
  readonly memory: MemoryStore;
  readonly store: TypedStore;
  behave: (pod: Pod) => Behaviour;
  /** Nodes that do not renew their lease. */
  readonly silent = new Set<string>();
  readonly #stop = new AbortController();

  constructor({
    behave = () => 'ready',
    lingering = false,
    nodes = ['node-a'],
    log = silentLog,
  }: TestClusterOptions = {}) {
    const { clock } = this;
    const random = seeded(1);
    this.memory = new MemoryStore({ clock, log, random });
    this.store = new TypedStore(this.memory);
    this.behave = behave;
    startControllers({ store: this.memory, clock, random, log, signal: this.#stop.signal, rootCa: 'PEM' });
    for (const name of ['default', 'kube-node-lease']) this.create(kinds.namespaces, { metadata: { name } });
    for (const name of nodes) this.addNode(name);
    this.#beat();
    this.store.subscribe(kinds.pods, this.#stop.signal, ({ type, object }) => {
      if (type === 'DELETED') return;
      clock.schedule(0, () => this.#tend(object, lingering));
    });
  }

  stop(): void {
    this.#stop.abort();
  }

  addNode(name: string, extra: object = {}): void {
    const conditions = [{ type: 'Ready', status: 'True', lastHeartbeatTime: timestamp(this.clock.now()) }];
    this.create(kinds.nodes, { metadata: { name }, status: { conditions }, ...extra });
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    await this.clock.advance(0);
  }

  async seconds(count: number): Promise<void> {
    await this.clock.advance(count * 1000);
  }

  create<T>(kind: Kind<T>, object: { readonly metadata: object; readonly [field: string]: unknown }): T {
    const isNamespaced = kind.resource !== 'nodes' && kind.resource !== 'namespaces';
    const metadata = { ...(isNamespaced && { namespace: 'default' }), ...object.metadata };
    return this.store.create(kind, { apiVersion: kind.apiVersion, kind: kind.kind, ...object, metadata });
  }

  get<T>(kind: Kind<T>, name: string, namespace: string | undefined = 'default'): T {
    const isNamespaced = kind.resource !== 'nodes' && kind.resource !== 'namespaces';
    const found = this.store.get(kind, isNamespaced ? namespace : undefined, name);
    if (found === undefined) throw new Error(`no ${kind.kind} ${name}`);
    return found;
  }

  /** Changes an object the way a user's patch does. */
  change<T extends AnyObject>(kind: Kind<T>, name: string, edit: (object: T) => object): void {
    this.store.update(kind, edit(this.get(kind, name)));
  }

  remove(kind: Kind<AnyObject>, name: string, request: object = {}): void {
    const isNamespaced = kind.resource !== 'nodes' && kind.resource !== 'namespaces';
    this.store.delete(kind, isNamespaced ? 'default' : undefined, name, request);
  }

  pods(namespace = 'default'): readonly Pod[] {
    return this.store.list(kinds.pods, namespace);
  }

  podNames(): string[] {
    return this.pods()
      .filter((pod) => !isDeleting(pod))
      .map(({ metadata }) => metadata.name)
      .sort();
  }

  /** `Reason: message` of every Event about an object. */
  eventsOf(name: string): string[] {
    return this.store
      .list(kinds.events)
      .filter((event) => event.involvedObject.name === name)
      .map(({ reason, message }) => `${reason}: ${message}`);
  }

  setStatus(pod: Pod, status: object): void {
    const stored = this.store.get(kinds.pods, pod.metadata.namespace, pod.metadata.name);
    if (stored?.metadata.uid !== pod.metadata.uid) return;
    this.store.update(kinds.pods, { ...stored, status: { ...stored.status, ...status } }, 'status');
  }

  /** The node's report for a Pod. */
  report(pod: Pod, behaviour: Behaviour, exitCode = behaviour === 'failed' ? 1 : 0): void {
    const time = timestamp(this.clock.now());
    const phase = {
      ready: 'Running',
      running: 'Running',
      pending: 'Pending',
      failed: 'Failed',
      succeeded: 'Succeeded',
    }[behaviour];
    const ended = behaviour === 'failed' || behaviour === 'succeeded';
    const name = pod.spec.containers[0]?.name ?? '';
    const state = ended ? { terminated: { exitCode, finishedAt: time } } : { running: { startedAt: time } };
    this.setStatus(pod, {
      phase,
      podIP: '127.0.1.1',
      conditions: [
        { type: 'Ready', status: behaviour === 'ready' ? 'True' : 'False', lastTransitionTime: time },
      ],
      containerStatuses: [
        { name, image: '', imageID: '', ready: behaviour === 'ready', restartCount: 0, state },
      ],
    });
  }

  /** The last act of a Pod that is being deleted. */
  finish(pod: Pod): void {
    const stored = this.store.get(kinds.pods, pod.metadata.namespace, pod.metadata.name);
    if (stored?.metadata.uid !== pod.metadata.uid) return;
    if (stored.status?.phase !== 'Succeeded') this.report(stored, 'failed', 143);
    this.store.delete(kinds.pods, pod.metadata.namespace, pod.metadata.name, { gracePeriodSeconds: 0 });
  }

  /** Every ten seconds, as nodes do. */
  #beat(): void {
    const spec = { renewTime: new Date(this.clock.now()).toISOString() };
    for (const { metadata } of this.store.list(kinds.nodes)) {
      if (this.silent.has(metadata.name)) continue;
      const lease = this.store.get(kinds.leases, 'kube-node-lease', metadata.name);
      if (lease) this.store.update(kinds.leases, { ...lease, spec });
      else
        this.create(kinds.leases, { metadata: { name: metadata.name, namespace: 'kube-node-lease' }, spec });
    }
    const cancel = this.clock.schedule(10_000, () => this.#beat());
    this.#stop.signal.addEventListener('abort', cancel, { once: true });
  }

  #tend(seen: Pod, lingering: boolean): void {
    const pod = this.store.get(kinds.pods, seen.metadata.namespace, seen.metadata.name);
    if (pod === undefined || pod.metadata.uid !== seen.metadata.uid) return;
    if (isDeleting(pod)) {
      if (!lingering && pod.metadata.deletionGracePeriodSeconds !== 0) this.finish(pod);
    } else if (!pod.spec.nodeName) {
      const affinity = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
      const pinned = affinity?.nodeSelectorTerms[0]?.matchFields?.[0]?.values?.[0];
      const nodeName = pinned ?? this.store.list(kinds.nodes)[0]?.metadata.name;
      if (nodeName) this.memory.update('pods', { ...pod, spec: { ...pod.spec, nodeName } }, 'binding');
    } else if (pod.status?.phase === 'Pending' && !pod.status.podIP) {
      const behaviour = this.behave(pod);
      if (behaviour !== 'pending') this.report(pod, behaviour);
    }
  }
}

/** mulberry32: the same run every time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function podTemplate(labels: Record<string, string>, spec: object = {}): PodTemplate {
  return { metadata: { labels }, spec: { containers: [{ name: 'main', image: 'image:1' }], ...spec } };
}

/** A workload's usual spec. */
export function workload(replicas: number, app = 'web', more: object = {}, podSpec: object = {}) {
  return { replicas, selector: { matchLabels: { app } }, template: podTemplate({ app }, podSpec), ...more };
}

export function jobSpec(more: object = {}, podSpec: object = {}): Partial<Job['spec']> {
  return { template: podTemplate({}, { restartPolicy: 'Never', ...podSpec }), ...more };
}
