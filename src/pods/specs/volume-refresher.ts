import { createHash } from 'node:crypto';
import type {
  FileSpec,
  InstanceProvider,
  InstanceRef,
  VolumeSpec,
} from '../../../providers/contract/index.ts';
import { providerErrorKind } from '../../../providers/contract/index.ts';
import type { KubeClient } from '../../kube/client.ts';
import type { Pod } from '../../kube/types.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { KeyedQueue } from '../keyed-queue.ts';
import { bounded } from '../provider-calls.ts';
import { ObjectWatches } from './object-watches.ts';
import type { Freshness, ResolvedSpec, ResolvedVolumes, VolumeFollower } from './spec-source.ts';

export interface VolumeRefresherDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  readonly provider: Pick<InstanceProvider, 'update'>;
  readonly volumes: (pod: Pod, signal: AbortSignal) => Promise<ResolvedVolumes>;
  /** The Pod in the cache. */
  readonly cached: (uid: string) => Pod | undefined;
}

interface Followed {
  readonly ref: InstanceRef;
  /** What the files of each volume are, as far as this process knows. */
  readonly told: Map<string, string>;
}

const concurrency = 8;
/** What changed between the reading for a new instance and its watch is found by then. */
const secondLookMs = 60_000;

/**
 * Brings changes of ConfigMaps, Secrets, labels and annotations, and tokens that are due, into the files of instances
 * that run already. What is immutable is not watched; what is missing now leaves the files as they are, as on a kubelet.
 */
export class VolumeRefresher implements VolumeFollower {
  readonly #deps: VolumeRefresherDeps;
  readonly #watches: ObjectWatches;
  readonly #queue: KeyedQueue;
  readonly #followed = new Map<string, Followed>();

  constructor(deps: VolumeRefresherDeps) {
    this.#deps = deps;
    this.#queue = new KeyedQueue(deps, { concurrency }, (uid, signal) => this.#refresh(uid, signal));
    this.#watches = new ObjectWatches({ ...deps, onChange: (uid) => this.#queue.add(uid) });
  }

  follow(pod: Pod, ref: InstanceRef, made?: ResolvedSpec): void {
    const uid = pod.metadata?.uid ?? '';
    if (this.#deps.provider.update === undefined || !hasFiles(pod)) return;
    const told = new Map<string, string>();
    this.#followed.set(uid, { ref, told });
    if (made === undefined) {
      this.#queue.add(uid);
      return;
    }
    for (const { name, files } of refreshable(made.spec.volumes)) told.set(name, digestOf(files));
    this.#await(uid, made);
    this.#queue.addAfter(uid, secondLookMs);
  }

  /** Labels and annotations may be in files. */
  podChanged(uid: string): void {
    if (this.#followed.has(uid)) this.#queue.add(uid);
  }

  forget(uid: string): void {
    if (this.#followed.delete(uid)) this.#watches.set(uid, []);
  }

  /** Works until the signal fires. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#queue.run(signal);
    this.#watches.close();
  }

  async #refresh(uid: string, signal: AbortSignal): Promise<void> {
    const { provider, volumes, cached, clock } = this.#deps;
    const [followed, pod] = [this.#followed.get(uid), cached(uid)];
    if (followed === undefined || pod === undefined || provider.update === undefined) return;
    const resolved = await volumes(pod, signal);
    const { ref, told } = followed;
    for (const { name, files } of refreshable(resolved.volumes)) {
      const digest = digestOf(files);
      if (told.get(name) === digest) continue;
      try {
        await bounded(clock, signal, async (bound) => provider.update?.(ref, name, files, bound));
      } catch (error) {
        if (providerErrorKind(error) !== 'NotFound') throw error;
        this.forget(uid);
        return;
      }
      told.set(name, digest);
    }
    if (this.#followed.get(uid) === followed) this.#await(uid, resolved);
  }

  /** Whatever makes the files old from here on comes back to the queue. */
  #await(uid: string, { changing, staleAt }: Freshness): void {
    this.#watches.set(uid, changing);
    if (staleAt < Infinity) this.#queue.addAfter(uid, Math.max(1, staleAt - this.#deps.clock.now()));
  }
}

function hasFiles({ spec }: Pod): boolean {
  return (spec?.volumes ?? []).some(
    ({ configMap, secret, downwardAPI, projected }) => configMap ?? secret ?? downwardAPI ?? projected,
  );
}

function refreshable(volumes: readonly VolumeSpec[]): Extract<VolumeSpec, { kind: 'files' }>[] {
  return volumes.filter((volume) => volume.kind === 'files').filter((volume) => volume.refreshable);
}

function digestOf(files: readonly FileSpec[]): string {
  const hash = createHash('sha256');
  for (const { path, mode, content } of files)
    hash.update(JSON.stringify([path, mode, content.length])).update(content);
  return hash.digest('base64');
}
