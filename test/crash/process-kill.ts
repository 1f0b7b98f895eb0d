import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { seededRandom } from '../../providers/mock/index.ts';
import { createDevCluster, type DevCluster } from '../../src/devcluster/dev-cluster.ts';
import type { Pod } from '../../src/kube/types.ts';
import { require } from './failure.ts';
import { processesOf } from './host-processes.ts';
import { configOf, startDaemon } from './real-daemon.ts';

export interface KillSummary {
  readonly pods: number;
  readonly kills: number;
}

const program = path.resolve(import.meta.dirname, '../../src/cli/main.ts');
const node = 'kill-0';
/** Longer than one sweep of the node. */
const patienceMs = 90_000;

/**
 * A real daemon with real processes, killed with kill -9 again and again while Pods come and go and are debugged. Every container notes
 * its start in a file of its Pod's UID, so that neither a second one nor a restart can hide.
 */
export async function killDaemon(kills: number, seed: number): Promise<KillSummary> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-kill-'));
  await mkdir(path.join(folder, 'starts'));
  const cluster = await createDevCluster({ controllers: false });
  await cluster.start();
  const config = path.join(folder, 'burstlet.yaml');
  await writeFile(config, await configOf(cluster, folder, { name: node, provider: 'process' }));
  const stage = new Stage(cluster, folder);
  let daemon = startDaemon(program, config, folder);
  try {
    const random = seededRandom(seed);
    for (let kill = 0; kill < kills; kill++) {
      stage.act(kill);
      // From "has not even listed" to "has done it all and rests".
      await sleep(200 + random() * 2_800);
      await stage.check();
      daemon.kill('SIGKILL');
      await once(daemon, 'exit');
      daemon = startDaemon(program, config, folder);
    }
    await stage.settle();
    await stage.clear();
    daemon.kill('SIGTERM');
    const [code] = await once(daemon, 'exit');
    require(code === 0, `the daemon ended with ${code}`);
    return { pods: stage.created, kills };
  } catch (error) {
    const log = await readFile(path.join(folder, 'daemon.log'), 'utf8').catch(() => '');
    throw new Error(`${String(error)}\nseed=${seed}; the daemon said last:\n${log.slice(-2_000)}`);
  } finally {
    daemon.kill('SIGKILL');
    await cluster.stop();
    for (const { pid } of await processesOf(folder)) end(pid);
    await rm(folder, { recursive: true, force: true });
  }
}

/** The users of the cluster, and what they may rely on. */
class Stage {
  created = 0;
  readonly #cluster: DevCluster;
  readonly #folder: string;

  constructor(cluster: DevCluster, folder: string) {
    this.#cluster = cluster;
    this.#folder = folder;
  }

  /** The rollout, one act before each kill: ten Pods, some of which end, go or come back under their name. */
  act(turn: number): void {
    if (turn < 5) {
      this.#create(`web-${turn}`, 'Always', 'exec sleep 600');
      this.#create(
        `more-${turn}`,
        turn % 2 === 0 ? 'Always' : 'Never',
        turn % 2 === 0 ? 'sleep 600' : 'sleep 2',
      );
    }
    if (turn === 4) this.#debug('web-2', 'exec sleep 600');
    if (turn === 5) this.#debug('web-3', 'exit 3');
    if (turn === 9) this.#debug('web-4', 'sleep 1');
    if (turn === 6) this.#delete('web-0', 5);
    if (turn === 7) this.#delete('web-1', 0);
    if (turn === 8) this.#create('web-1', 'Always', 'exec sleep 600');
    if (turn === 10) this.#delete('more-0', 1);
    if (turn === 12 && this.#pod('web-0') === undefined) this.#create('web-0', 'Always', 'exec sleep 600');
  }

  /** At any time: no container was started twice. */
  async check(): Promise<void> {
    for (const [uid, pids] of await this.#starts())
      require(pids.length === 1, `Pod ${uid} was started ${pids.length} times, as ${pids.join(', ')}`);
  }

  /** With the daemon alive at last: every Pod has what it should have, and nothing else runs. */
  async settle(): Promise<void> {
    await until(
      'every Pod is what it should be',
      () => this.#pods().every(asWanted),
      () => this.#states(),
    );
    await this.check();
    const running = this.#pods().filter(isRunning);
    const uids = new Set(running.map(uidOf));
    await until('only Pods that live have processes', async () =>
      (await this.#processes()).every(({ uid }) => uids.has(uid)),
    );
    const processes = await this.#processes();
    const starts = await this.#starts();
    for (const pod of running) {
      const [first] = starts.get(uidOf(pod)) ?? [];
      const lives = processes.some(({ uid, pid }) => uid === uidOf(pod) && pid === first);
      require(lives, `${pod.metadata?.name} runs, but not as the process ${first} that it was started as`);
      require(pod.status?.containerStatuses?.[0]?.restartCount === 0, `${pod.metadata?.name} was restarted`);
      if (pod.spec?.ephemeralContainers !== undefined)
        require(starts.has(
          `${uidOf(pod)}.debug`,
        ), `the ephemeral container of ${pod.metadata?.name} never ran`);
    }
  }

  /** All Pods go: then nothing is left, no process and no folder. */
  async clear(): Promise<void> {
    for (const { metadata } of this.#pods()) this.#delete(metadata?.name ?? '', 1);
    await until(
      'all Pods are gone',
      () => this.#pods().length === 0,
      () => this.#states(),
    );
    let left = '';
    const nothing = async (): Promise<boolean> => {
      const processes = (await processesOf(this.#folder)).map(({ pid, command }) => `${pid} ${command}`);
      left = [...processes, ...(await this.#sandboxes())].join('\n');
      return left === '';
    };
    await until('no instance is left', nothing, () => left);
  }

  #create(name: string, restartPolicy: string, script: string): void {
    this.created++;
    this.#cluster.store.create('pods', {
      metadata: { name, namespace: 'default' },
      spec: {
        nodeName: node,
        restartPolicy,
        automountServiceAccountToken: false,
        terminationGracePeriodSeconds: 2,
        containers: [this.#container('main', '', script)],
      },
    });
  }

  #debug(name: string, script: string): void {
    const pod = this.#cluster.store.get('pods', 'default', name);
    if (pod === undefined) return;
    const ephemeralContainers = [this.#container('debug', '.debug', script)];
    const spec = { ...Object(pod.spec), ephemeralContainers };
    this.#cluster.store.update('pods', { ...pod, spec }, 'ephemeralcontainers');
  }

  /** It notes its start in a file of its own. */
  #container(name: string, suffix: string, script: string): object {
    // In a command of a Pod two dollars stand for one.
    const note = `echo $$$$ >> ${path.join(this.#folder, 'starts')}/$POD_UID${suffix}`;
    const env = [{ name: 'POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } }];
    return { name, image: 'burstlet.dev/host', command: ['/bin/sh', '-c', `${note}; ${script}`], env };
  }

  #delete(name: string, gracePeriodSeconds: number): void {
    if (this.#pod(name) !== undefined)
      this.#cluster.store.delete('pods', 'default', name, { gracePeriodSeconds });
  }

  #pod(name: string): unknown {
    return this.#cluster.store.get('pods', 'default', name);
  }

  #pods(): Pod[] {
    return this.#cluster.store.list('pods', 'default').map((object) => object as unknown as Pod);
  }

  #states(): string {
    return this.#pods()
      .map(({ metadata, status }) => `${metadata?.name} ${status?.phase} ${status?.reason ?? ''}`)
      .join(', ');
  }

  /** The processes that containers noted as theirs when they began, by Pod UID. */
  async #starts(): Promise<Map<string, number[]>> {
    const folder = path.join(this.#folder, 'starts');
    const entries = (await readdir(folder)).map(async (uid): Promise<[string, number[]]> => {
      const lines = (await readFile(path.join(folder, uid), 'utf8')).trim().split('\n');
      return [uid, lines.map(Number)];
    });
    return new Map(await Promise.all(entries));
  }

  /** What runs in containers. */
  async #processes(): Promise<{ readonly uid: string; readonly pid: number }[]> {
    return (await processesOf(this.#folder)).flatMap(({ pid, environment }) => {
      const uid = environment.find((entry) => entry.startsWith('POD_UID='))?.slice('POD_UID='.length);
      return uid === undefined ? [] : [{ uid, pid }];
    });
  }

  /** Without those that a crash left half made: in them nothing ever ran, and a later start of the daemon clears them. */
  async #sandboxes(): Promise<string[]> {
    const sandboxes = path.join(this.#folder, 'state', 'nodes', node, 'sandboxes');
    const names = await readdir(sandboxes).catch(() => []);
    return names.filter((name) => !name.startsWith('.'));
  }
}

function isRunning({ status }: Pod): boolean {
  return status?.phase === 'Running';
}

function uidOf({ metadata }: Pod): string {
  return metadata?.uid ?? '';
}

function asWanted({ metadata, spec, status }: Pod): boolean {
  if (metadata?.deletionTimestamp !== undefined) return false;
  return status?.phase === (spec?.restartPolicy === 'Always' ? 'Running' : 'Succeeded');
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  state: () => string = () => '',
): Promise<void> {
  const deadline = Date.now() + patienceMs;
  while (!(await holds())) {
    require(Date.now() < deadline, `after ${patienceMs / 1000} s it is not so that ${what}: ${state()}`);
    await sleep(100);
  }
}
