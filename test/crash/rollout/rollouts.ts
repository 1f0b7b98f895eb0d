import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Engine } from '../../../providers/docker/engine/engine.ts';
import { anySandboxFilter, readLabels } from '../../../providers/docker/pod/labels.ts';
import { seededRandom } from '../../../providers/mock/index.ts';
import { createDevCluster, type DevCluster } from '../../../src/devcluster/dev-cluster.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { busyboxImage } from '../../docker/image.ts';
import { require } from '../failure.ts';
import { configOf, startDaemon } from '../real-daemon.ts';
import { Ledger } from './ledger.ts';
import { Trap } from './phases.ts';

export interface RolloutPlan {
  readonly rollouts: number;
  readonly pods: number;
  readonly seed: number;
  readonly say: (line: string) => void;
}

export interface RolloutSummary {
  /** Kills by phase. */
  readonly kills: ReadonlyMap<string, number>;
  readonly pods: number;
  readonly containers: number;
  readonly started: number;
  /** Empty when all is well. */
  readonly violations: readonly string[];
}

const root = path.resolve(import.meta.dirname, '../../..');
const node = 'rollout-0';
const namespace = 'default';
const patienceMs = 600_000;
/** Not every event is sure to come: a Pod that is deleted before it was started ends in another way. */
const sureOf = 0.6;
const script = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done';

/**
 * Rollouts of one Deployment on a real engine, its daemon killed with kill -9 in each phase of each. What is judged is
 * what the engine tells by its events and its list of containers.
 */
export async function killDuringRollouts(
  engine: Engine,
  host: string,
  plan: RolloutPlan,
): Promise<RolloutSummary> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-rollout-'));
  const program = path.join(folder, 'program');
  // A copy of its own: nothing that is edited or built meanwhile changes what is killed.
  await promisify(execFile)(process.execPath, ['scripts/build.ts', '--standalone', '--out', program], {
    cwd: root,
  });
  const cluster = await createDevCluster();
  await cluster.start();
  const config = path.join(folder, 'burstlet.yaml');
  const options = { host, instances: 4 * plan.pods };
  await writeFile(config, await configOf(cluster, folder, { name: node, provider: 'docker', options }));
  const stage = new Stage(engine, cluster, () => startDaemon(path.join(program, 'cli.js'), config, folder));
  try {
    return await stage.run(plan);
  } catch (error) {
    const log = await readFile(path.join(folder, 'daemon.log'), 'utf8').catch(() => '');
    throw new Error(`${String(error)}\nseed=${plan.seed}; the daemon said last:\n${log.slice(-3_000)}`);
  } finally {
    await stage.end();
    await cluster.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** As far as it is looked at. */
interface Rolled {
  readonly metadata: { readonly generation: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
}

class Stage {
  readonly #engine: Engine;
  readonly #cluster: DevCluster;
  readonly #start: () => ChildProcess;
  readonly #trap = new Trap();
  readonly #ledger: Ledger;
  readonly #ending = new AbortController();
  readonly #uids = new Set<string>();
  #daemon: ChildProcess | undefined;

  constructor(engine: Engine, cluster: DevCluster, start: () => ChildProcess) {
    this.#engine = engine;
    this.#cluster = cluster;
    this.#start = start;
    this.#ledger = new Ledger((uid) =>
      this.#pods().some(({ metadata }) => metadata?.uid === uid && metadata.deletionTimestamp === undefined),
    );
    cluster.store.subscribe('pods', ({ object }) => void this.#uids.add(object.metadata.uid ?? ''));
  }

  async run({ rollouts, pods, seed, say }: RolloutPlan): Promise<RolloutSummary> {
    const random = seededRandom(seed);
    const following = this.#follow();
    this.#daemon = this.#start();
    const kills = new Map<string, number>();
    let atRest = 0;
    for (let revision = 1; revision <= rollouts + 1; revision++) {
      const began = performance.now();
      const isLast = revision > rollouts;
      this.#trap.arm(random, pods * sureOf);
      this.#deploy(isLast ? 0 : pods, Math.min(revision, rollouts));
      await this.#settled(isLast ? 0 : pods);
      if (!isLast) {
        const before = await this.#running();
        await this.#replaceDaemon();
        atRest++;
        // Long enough for the new one to have looked at everything and to act on it.
        await this.#up();
        await this.#settled(pods);
        require((await this.#running()).join() ===
          before.join(), 'containers changed while nothing was asked for');
      }
      const total = [...this.#trap.kills.values()].reduce((sum, one) => sum + one, atRest);
      const seconds = ((performance.now() - began) / 1000).toFixed(1);
      say(
        `${isLast ? 'scaled to 0' : `rollout ${revision} of ${rollouts}`}: ${seconds} s, ${total} kills so far, ` +
          `${this.#ledger.started} containers started, ${this.#ledger.violations.length} violations`,
      );
    }
    for (const [name, count] of this.#trap.kills) kills.set(name, count);
    kills.set('all is at rest', atRest);
    const left = await this.#engine.containers(anySandboxFilter, this.#ending.signal);
    const { Volumes } = await this.#engine.volumes(anySandboxFilter, this.#ending.signal);
    const leaked = [...left.map(({ Id }) => Id), ...(Volumes ?? []).map(({ Name }) => Name)];
    this.#ending.abort();
    await following;
    return {
      kills,
      pods: this.#uids.size,
      containers: this.#ledger.containers,
      started: this.#ledger.started,
      violations: [...this.#ledger.violations, ...leaked.map((one) => `leaked: ${one}`)],
    };
  }

  async end(): Promise<void> {
    this.#ending.abort();
    const daemon = this.#daemon;
    this.#daemon = undefined;
    daemon?.kill('SIGKILL');
    const left = await this.#engine.containers(anySandboxFilter, AbortSignal.timeout(30_000));
    for (const { Id } of left)
      await this.#engine.remove(Id, { force: true }, AbortSignal.timeout(30_000)).catch(() => undefined);
  }

  /** Takes down what the engine tells, and kills where it is time. */
  async #follow(): Promise<void> {
    const { signal } = this.#ending;
    const events = await this.#engine.events({ type: ['container'] }, signal);
    try {
      for await (const event of events) {
        const role = this.#ledger.note(event);
        if (role === undefined) continue;
        const alive = this.#daemon !== undefined && this.#daemon.exitCode === null;
        if (this.#trap.springs(role, event.Action, alive)) void this.#replaceDaemon();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #replaceDaemon(): Promise<void> {
    const killed = this.#daemon;
    if (killed === undefined) return;
    this.#daemon = undefined;
    killed.kill('SIGKILL');
    await once(killed, 'exit');
    if (!this.#ending.signal.aborted) this.#daemon = this.#start();
  }

  #deploy(replicas: number, revision: number): void {
    const { store } = this.#cluster;
    const before = store.get('deployments.apps', namespace, 'web');
    const labels = { app: 'web' };
    const spec = {
      replicas,
      selector: { matchLabels: labels },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '50%', maxUnavailable: '25%' } },
      template: {
        metadata: { labels },
        spec: {
          schedulerName: 'burstlet',
          automountServiceAccountToken: false,
          terminationGracePeriodSeconds: 5,
          containers: [
            {
              name: 'main',
              image: busyboxImage,
              command: ['/bin/sh', '-c', script],
              env: [{ name: 'REVISION', value: String(revision) }],
            },
          ],
        },
      },
    };
    if (before === undefined)
      store.create('deployments.apps', { metadata: { name: 'web', namespace }, spec });
    else store.update('deployments.apps', { ...before, spec });
  }

  /** Every Pod is of this revision and ready, and the engine has these containers and no others. */
  async #settled(pods: number): Promise<void> {
    let difference = '';
    await until(
      () => `${pods} Pods of the new revision run, and nothing else does: ${this.#state()}; ${difference}`,
      async () => {
        const { metadata, status = {} } = this.#deployment();
        const { replicas = 0, updatedReplicas = 0, readyReplicas = 0 } = status;
        const all = this.#pods();
        const wanted = new Set(all.flatMap(wantedOf));
        const running = await this.#running();
        const missing = [...wanted].filter((one) => !running.includes(one));
        difference = [
          `replicas ${replicas}, updated ${updatedReplicas}, ready ${readyReplicas}`,
          ...missing.map((one) => `missing: ${one}`),
          ...running.filter((one) => !wanted.has(one)).map((one) => `too many: ${one}`),
        ].join('; ');
        // Else its status is still of the revision before.
        if (status.observedGeneration !== metadata.generation) return false;
        const counts = [all.length, replicas, updatedReplicas, readyReplicas, running.length / 2];
        return missing.length === 0 && counts.every((one) => one === pods);
      },
    );
    for (const { metadata, status } of this.#pods())
      require(status?.containerStatuses?.[0]?.restartCount ===
        0, `${metadata?.name} says that it was restarted`);
  }

  /** A daemon that was started has taken over: it renews the Lease under its own eyes. */
  async #up(): Promise<void> {
    const renewed = (): string =>
      JSON.stringify(this.#cluster.store.get('leases.coordination.k8s.io', 'kube-node-lease', node));
    const before = renewed();
    await until(
      () => 'the new daemon renews the Lease',
      () => renewed() !== before,
    );
  }

  /** `Pod UID, role, state` of every container that the engine has, in order. */
  async #running(): Promise<string[]> {
    const listed = await this.#engine.containers(anySandboxFilter, AbortSignal.timeout(30_000));
    return listed
      .map(({ Labels, State }) => {
        const labels = readLabels(Labels);
        return `${labels?.owner.podUid} ${labels?.role} ${State}`;
      })
      .sort();
  }

  #deployment(): Rolled {
    return this.#cluster.store.get('deployments.apps', namespace, 'web') as unknown as Rolled;
  }

  #pods(): Pod[] {
    return this.#cluster.store.list('pods', namespace).map((object) => object as unknown as Pod);
  }

  #state(): string {
    const phases = Map.groupBy(this.#pods(), ({ metadata, status }) =>
      [status?.phase, status?.reason, status?.message, metadata?.deletionTimestamp && 'going']
        .filter(Boolean)
        .join(' '),
    );
    return [...phases].map(([phase, pods]) => `${pods.length} ${phase}`).join(', ');
  }
}

function wantedOf({ metadata }: Pod): string[] {
  return ['sandbox', 'container'].map((role) => `${metadata?.uid} ${role} running`);
}

async function until(what: () => string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    require(Date.now() < deadline, `after ${patienceMs / 1000} s it is not so that ${what()}`);
    await sleep(200);
  }
}
