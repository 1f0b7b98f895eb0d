import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { seededRandom } from '../../../providers/mock/index.ts';
import type { Pod } from '../../../src/kube/types.ts';
import { type Clock, pause } from '../../../src/telemetry/clock.ts';
import { silentLog } from '../../../src/telemetry/log.ts';
import { emptyCluster, plainController } from '../plain-node.ts';
import { StoreClient } from '../store-client.ts';
import type { StoreServer } from '../store-server.ts';
import type { Cloud, CloudKind } from './cloud.ts';
import { fastClock } from './fast-clock.ts';
import { doubled, unsettled } from './verdict.ts';
import { Wire } from './wire.ts';

export interface Outcome {
  readonly points: number;
  readonly kills: number;
  readonly violations: readonly string[];
  readonly trace: readonly string[];
}

const scope = { clusterUid: 'crash-cluster', node: 'burst-0' };
const faster = 20;
const podCount = 6;
const scriptMs = 90_000;
const downTimesMs = [0, 0, 500, 3_000, 40_000];
/** Longer than a sweep, and than what a fault makes the node wait. */
const settleMs = 1_500_000;
/** So long must nothing change for the better or the worse. */
const steadyMs = 90_000;

/** `killAt` says whether the daemon dies at this point; points are counted over the whole story, from 0. */
export async function playStory(
  kind: CloudKind,
  seed: number,
  killAt: (point: number) => boolean,
): Promise<Outcome> {
  const clock = fastClock(faster);
  const random = seededRandom(seed);
  const stateDir = await mkdtemp(path.join(os.tmpdir(), 'burstlet-cloud-crash-'));
  const cloud = await kind(clock, random);
  const story = new CloudStory({ cloud, clock, random, stateDir, killAt });
  try {
    await story.play();
    return story.outcome();
  } finally {
    await story.end();
    await cloud.close();
    await rm(stateDir, { recursive: true, force: true });
  }
}

interface StoryDeps {
  readonly cloud: Cloud;
  readonly clock: Clock;
  readonly random: () => number;
  readonly stateDir: string;
  readonly killAt: (point: number) => boolean;
}

/** One incarnation of the daemon. */
interface Incarnation {
  readonly client: StoreClient;
  readonly wire: Wire;
  readonly ending: AbortController;
  readonly ended: Promise<void>;
}

class CloudStory {
  readonly #deps: StoryDeps;
  readonly #server: StoreServer;
  readonly #trace: string[] = [];
  readonly #violations: string[] = [];
  readonly #ends: Promise<void>[] = [];
  #daemon: Incarnation | undefined;
  #points = 0;
  #kills = 0;
  #calm = false;
  #over = false;

  constructor(deps: StoryDeps) {
    const { clock, random } = deps;
    this.#deps = deps;
    this.#server = emptyCluster(clock, random);
  }

  async play(): Promise<void> {
    const { cloud, clock, random } = this.#deps;
    await this.#start();
    for (let index = 0; index < podCount; index++) this.#arrange(`pod-${index}`, index);
    for (let times = 2; times > 0; times--) {
      const soldOutAt = random() * scriptMs;
      clock.schedule(soldOutAt, () => this.#do('sold out', () => cloud.stocked(false)));
      clock.schedule(soldOutAt + random() * 30_000, () => this.#do('stock', () => cloud.stocked(true)));
    }
    await pause(clock, scriptMs);
    this.#note('calm');
    this.#calm = true;
    cloud.stocked(true);
    await this.#settled();
    this.#violations.push(...doubled(cloud.lives()));
  }

  outcome(): Outcome {
    return {
      points: this.#points,
      kills: this.#kills,
      violations: this.#violations,
      trace: this.#trace,
    };
  }

  async end(): Promise<void> {
    this.#over = true;
    this.#die();
    await Promise.all(this.#ends);
  }

  /** What befalls one Pod. */
  #arrange(name: string, index: number): void {
    const { cloud, clock, random } = this.#deps;
    const at = (from: number, to: number): number => from + random() * (to - from);
    const bornAt = at(0, scriptMs / 2);
    const restartPolicy = index % 2 === 0 ? 'Always' : 'Never';
    const env = [
      { name: 'SECRET_SHARED', value: 'of-all-pods' },
      ...(index % 3 === 0 ? [{ name: 'SECRET_OWN', value: `of-${name}` }] : []),
    ];
    clock.schedule(bornAt, () => this.#do(`create ${name}`, () => this.#create(name, restartPolicy, env)));
    const befalls = random();
    const then = at(bornAt, scriptMs);
    if (befalls < 0.3)
      clock.schedule(then, () =>
        this.#do(`delete ${name}`, () => {
          if (this.#pod(name)) this.#server.store.delete('pods', 'default', name, { gracePeriodSeconds: 3 });
        }),
      );
    else if (befalls < 0.5)
      clock.schedule(then, () =>
        this.#do(`interrupt ${name}`, () => this.#each(name, (id) => cloud.interrupt(id, 10_000))),
      );
    else if (befalls < 0.7 && restartPolicy === 'Never')
      clock.schedule(then, () => this.#do(`exit ${name}`, () => this.#each(name, (id) => cloud.exit(id, 3))));
  }

  #create(name: string, restartPolicy: string, env: readonly { name: string; value: string }[]): void {
    this.#server.store.create('pods', {
      metadata: { name, namespace: 'default' },
      spec: {
        ...{ nodeName: scope.node, automountServiceAccountToken: false, restartPolicy },
        terminationGracePeriodSeconds: 3,
        containers: [{ name: 'main', image: 'registry.example/app:1', env: [...env] }],
      },
    });
  }

  #pod(name: string): Pod | undefined {
    const found = this.#server.store.get('pods', 'default', name);
    return found === undefined ? undefined : (found as unknown as Pod);
  }

  #each(name: string, act: (id: string) => void): void {
    const uid = this.#pod(name)?.metadata?.uid;
    for (const { id, podUid, to } of this.#deps.cloud.lives())
      if (podUid === uid && to === undefined) act(id);
  }

  async #start(): Promise<void> {
    const { cloud, clock, random, stateDir } = this.#deps;
    this.#note('daemon starts');
    const wire = await Wire.open({
      to: cloud.endpoint,
      point: (name) => this.#survives(name),
      loses: () => !this.#calm && random() < 0.05,
    });
    const provider = await cloud.connect({ endpoint: wire.url, clock, random, log: silentLog, stateDir });
    const ending = new AbortController();
    const client = new StoreClient(this.#server, ({ verb, resource, name }, point) =>
      this.#survives(`${point} ${verb} ${resource} ${name}`),
    );
    const controller = plainController({ clock, random, client, provider, scope });
    const ended = controller.run(ending.signal).then(() => provider.close?.());
    this.#ends.push(ended);
    this.#daemon = { client, wire, ending, ended };
  }

  /** As kill -9. */
  #die(): void {
    const daemon = this.#daemon;
    if (daemon === undefined) return;
    this.#daemon = undefined;
    daemon.client.kill();
    daemon.wire.cut();
    daemon.ending.abort();
  }

  #kill(): void {
    const { clock, random } = this.#deps;
    this.#note('daemon killed');
    this.#kills++;
    this.#die();
    const downMs = downTimesMs[Math.floor(random() * downTimesMs.length)] ?? 0;
    clock.schedule(downMs, () => {
      if (!this.#over)
        this.#start().catch((error: unknown) => this.#violations.push(`did not start: ${String(error)}`));
    });
  }

  /** False when the daemon dies at this point. */
  #survives(name: string): boolean {
    if (this.#daemon === undefined) return false;
    const point = this.#points++;
    this.#note(`${point} ${name}`);
    if (this.#calm || !this.#deps.killAt(point)) return true;
    this.#kill();
    return false;
  }

  /** Waits until everything is as it should be and stays so; what is not by then is a violation. */
  async #settled(): Promise<void> {
    const { cloud, clock } = this.#deps;
    const deadline = clock.now() + settleMs;
    let steadySince = clock.now();
    for (;;) {
      const pods = this.#server.store.list('pods', 'default').map((each) => each as unknown as Pod);
      const wrong = unsettled(pods, cloud.lives(), cloud.strays());
      const now = clock.now();
      if (wrong.length > 0) steadySince = now;
      if (now - steadySince >= steadyMs) return;
      if (now > deadline) {
        this.#violations.push(...wrong);
        return;
      }
      await pause(clock, 2_000);
    }
  }

  #do(what: string, act: () => void): void {
    if (this.#over) return;
    this.#note(what);
    act();
  }

  #note(line: string): void {
    this.#trace.push(`${new Date(this.#deps.clock.now()).toISOString()} ${line}`);
  }
}
