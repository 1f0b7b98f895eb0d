import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Engine } from '../../providers/docker/engine/engine.ts';
import type { HostConfig } from '../../providers/docker/engine/shapes.ts';
import { createInformer } from '../../src/kube/informer.ts';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { systemClock as clock } from '../../src/telemetry/clock.ts';
import { silentLog as log } from '../../src/telemetry/log.ts';
import type { MeasuredNode, StartupStage } from './startup-stage.ts';

const run = promisify(execFile);
const patienceMs = 300_000;
const script = 'trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done';

/** Starts containers of one kind and takes them away again. */
export interface Starter {
  /** Milliseconds from the call until the container runs; of a Pod, until the API server says that it is Ready. */
  start(name: string): Promise<number>;
  /** Resolves when nothing is left of all that were started. */
  clear(): Promise<void>;
  close(): Promise<void>;
}

/** `docker run -d`, from its start to its end. */
export function bareStarter({ host, image }: Pick<StartupStage, 'host' | 'image'>): Starter {
  const started: string[] = [];
  return {
    async start(name) {
      started.push(name);
      const at = performance.now();
      await run('docker', ['-H', host, 'run', '-d', '--name', name, image, '/bin/sh', '-c', script]);
      return performance.now() - at;
    },
    async clear() {
      const names = started.splice(0);
      if (names.length > 0) await run('docker', ['-H', host, 'rm', '-f', ...names]);
    },
    close: async () => undefined,
  };
}

/** The two containers that a Pod is at the engine, made and started by its API and by nothing else: its own pace. */
export function pairStarter(engine: Engine, image: string): Starter {
  const started: string[] = [];
  const { signal } = new AbortController();
  const make = async (name: string, HostConfig: HostConfig): Promise<void> => {
    started.push(name);
    await engine.create(
      name,
      { Image: image, Labels: {}, Entrypoint: ['/bin/sh', '-c', script], HostConfig },
      signal,
    );
    await engine.start(name, signal);
  };
  return {
    async start(name) {
      const at = performance.now();
      await make(`${name}-sandbox`, {
        ...{ NetworkMode: 'bridge', IpcMode: 'shareable', SecurityOpt: ['seccomp=unconfined'] },
        LogConfig: { Type: 'none', Config: {} },
      });
      await make(name, {
        ...{ NetworkMode: `container:${name}-sandbox`, IpcMode: `container:${name}-sandbox` },
        LogConfig: { Type: 'json-file', Config: {} },
      });
      return performance.now() - at;
    },
    async clear() {
      const names = started.splice(0).reverse();
      await Promise.all(names.map((name) => engine.remove(name, { force: true }, signal)));
    },
    close: () => engine.close(),
  };
}

/** Pods that are bound as they are created. */
export async function podStarter(
  { client, image }: Pick<StartupStage, 'client' | 'image'>,
  { node, namespace }: MeasuredNode,
): Promise<Starter> {
  const ending = new AbortController();
  const informer = createInformer({
    ...{ client, clock, log, random: Math.random, resource: pods },
    selection: { namespace },
  });
  const looks = new Set<() => void>();
  informer.onEvent(() => {
    for (const look of looks) look();
  });
  const watching = informer.run(ending.signal);
  await informer.synced;

  function until(what: string, holds: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        looks.delete(look);
      };
      const look = (): void => {
        if (!holds()) return;
        done();
        resolve();
      };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`after ${patienceMs / 1000} s it is not so that ${what}`));
      }, patienceMs);
      looks.add(look);
      look();
    });
  }
  return {
    async start(name) {
      const at = performance.now();
      await client.create(pods, podOf(name, namespace, node, image));
      await until(`Pod ${name} is Ready`, () => isReady(informer.cache.get(`${namespace}/${name}`)));
      return performance.now() - at;
    },
    async clear() {
      for (const { metadata } of informer.cache.list())
        await client.delete(pods, { namespace, name: metadata?.name ?? '' }, { gracePeriodSeconds: 1 });
      await until('all Pods are gone', () => informer.cache.list().length === 0);
    },
    async close() {
      ending.abort();
      await watching;
    },
  };
}

/** Seconds until all of them run, `width` at a time; the width of Pods is for the node to choose. */
export async function burst(starter: Starter, count: number, width: number, prefix: string): Promise<number> {
  const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`).values();
  const at = performance.now();
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (const name of names) await starter.start(name);
    }),
  );
  return (performance.now() - at) / 1000;
}

function isReady(pod: Pod | undefined): boolean {
  return pod?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}

/** Its calls are filtered on every node: where a Pod says nothing of that, a kubelet leaves it out. */
function podOf(name: string, namespace: string, nodeName: string, image: string): Pod {
  const container = {
    name: 'main',
    image,
    imagePullPolicy: 'IfNotPresent',
    command: ['/bin/sh', '-c', script],
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  };
  return {
    metadata: { name, namespace },
    spec: {
      ...{ nodeName, automountServiceAccountToken: false, enableServiceLinks: false },
      tolerations: [{ operator: 'Exists' }],
      containers: [container],
    },
  };
}
