import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ConformanceHarness, Program } from '../../providers/contract/conformance/index.ts';
import { providerConformance } from '../../providers/contract/conformance/index.ts';
import type { Instance, InstanceSpec } from '../../providers/contract/index.ts';
import { createProcessRuntime } from '../../providers/process/index.ts';
import { createPodRunner } from '../../src/podrunner/create-pod-runner.ts';
import { container, podSpec, probe, scope, sidecar } from '../../src/podrunner/testing/specs.ts';
import { systemClock } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';

/** The provider of `burstlet dev`: the pod runner over host processes, put through the kit for third parties. */
const harness: ConformanceHarness = {
  // Host processes have no files of their own, so there is nothing to refresh.
  lacks: ['update'],
  arrange: withEchoServer,
  async backend() {
    const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-process-'));
    return {
      async connect(log) {
        const runtime = createProcessRuntime({ stateDir, log });
        return createPodRunner({ runtime, clock: systemClock, random: Math.random, log });
      },
      async leftovers() {
        const folders = await readdir(path.join(stateDir, 'sandboxes')).catch(() => []);
        return [...folders.map((name) => `folder ${name}`), ...(await processesUnder(stateDir))];
      },
      exposed: titles,
      close: () => rm(stateDir, { recursive: true, force: true }),
    };
  },
};

/** BusyBox may not be there; Node.js is. */
const echoServer = `
  const { createServer } = require('node:net');
  const server = createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket).on('error', () => {}));
  server.listen(Number(process.argv[1]), process.env.POD_IP);
  process.on('SIGTERM', () => process.exit(0));`;

function withEchoServer(spec: InstanceSpec, programs: Readonly<Record<string, Program>>): InstanceSpec {
  const containers = spec.containers.map((one) => {
    const port = programs[one.name]?.echoesPort;
    return port === undefined ? one : { ...one, command: ['node', '-e', echoServer, String(port)] };
  });
  return { ...spec, containers };
}

describe('the process provider keeps the contract', { concurrent: true }, () => {
  for (const { name, skip, run } of providerConformance(harness))
    it.skipIf(skip !== undefined)(name, { timeout: 120_000 }, async (context) => {
      const reason = await run();
      if (reason !== undefined) context.skip(reason);
    });
});

describe('Pods of host processes', { concurrent: true }, () => {
  it('initialise, start, and end with their sidecars after them', async () => {
    const sh = (script: string) => ({ command: ['/bin/sh', '-c', script] });
    const quick = { periodSeconds: 1, failureThreshold: 30 };
    const ended = await live(
      {
        restartPolicy: 'Never',
        initContainers: [
          sidecar('proxy', { ...sh('touch ready; exec sleep 600'), startupProbe: fileProbe('ready', quick) }),
          container('init', sh('exit 0')),
        ],
        containers: [container('app', { ...sh('sleep 1; exit 5'), preStop: { kind: 'sleep', seconds: 1 } })],
      },
      ({ phase }) => phase === 'Stopped',
    );
    const [proxy, init, app] = ended.containers.map(({ state }) => state);
    expect(init).toMatchObject({ exitCode: 0 });
    expect(app).toMatchObject({ exitCode: 5 });
    expect(proxy).toMatchObject({ signal: 15, exitCode: 143 });
    const order = [proxy, init, app].map((state) => (state?.kind === 'terminated' ? state : undefined));
    expect(order[0]?.startedAt.localeCompare(order[1]?.startedAt ?? '')).toBe(-1);
    expect(order[0]?.finishedAt.localeCompare(order[2]?.finishedAt ?? '')).toBe(1);
  });

  it('are restarted when their liveness probe fails', async () => {
    const restarted = await live(
      {
        containers: [
          container('app', {
            command: ['/bin/sh', '-c', 'touch alive; sleep 1; rm alive; exec sleep 600'],
            livenessProbe: fileProbe('alive', {
              initialDelaySeconds: 1,
              periodSeconds: 1,
              failureThreshold: 1,
            }),
          }),
        ],
      },
      ({ containers: [app] }) => app?.restartCount === 1 && app.state.kind === 'running',
    );
    expect(restarted.containers[0]?.lastState).toMatchObject({ exitCode: 143, signal: 15 });
  });
});

/** Succeeds while the file is in the working directory. */
function fileProbe(file: string, extra: Parameters<typeof probe>[1]) {
  return { ...probe('', extra), action: { kind: 'exec', command: ['test', '-e', file] } as const };
}

/** Creates a Pod and waits for a state; everything is removed afterwards. */
async function live(spec: Partial<InstanceSpec>, until: (instance: Instance) => boolean): Promise<Instance> {
  const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-process-'));
  const runtime = createProcessRuntime({ stateDir, log: silentLog });
  const provider = createPodRunner({ runtime, clock: systemClock, random: Math.random, log: silentLog });
  const { signal } = new AbortController();
  try {
    const reached = Promise.withResolvers<Instance>();
    void provider.observe(
      scope,
      (event) => event.type === 'changed' && until(event.instance) && reached.resolve(event.instance),
      signal,
    );
    const { ref } = await provider.create(podSpec(spec), 'a'.repeat(32), signal);
    const instance = await reached.promise;
    await provider.delete(ref, signal);
    return instance;
  } finally {
    for (const { ref } of await provider.list(scope, signal)) await provider.delete(ref, signal);
    await provider.close?.();
    await rm(stateDir, { recursive: true, force: true });
  }
}

/** Processes that work in the folder. Linux only; elsewhere nothing is found. */
async function processesUnder(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of await pids()) {
    const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
    if (environment.includes(folder)) found.push(`process ${pid}`);
  }
  return found;
}

/** What `ps` shows to everybody. */
async function titles(): Promise<string> {
  const lines = (await pids()).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''));
  return (await Promise.all(lines)).join('\n');
}

async function pids(): Promise<string[]> {
  return (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
}
