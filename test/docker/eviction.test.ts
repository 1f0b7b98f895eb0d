import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { plainSpec } from '../../providers/contract/conformance/plain-spec.ts';
import type { Instance, InstanceProvider, InstanceSpec, Notice } from '../../providers/contract/index.ts';
import { createDockerRuntime } from '../../providers/docker/index.ts';
import { createPodRunner } from '../../src/podrunner/create-pod-runner.ts';
import { systemClock } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { eventually } from '../support/eventually.ts';
import { testEngine } from './engine.ts';
import { never, shell, temporaryState } from './harness.ts';

const engine = await testEngine();
afterAll(() => (typeof engine === 'string' ? undefined : engine.close()));

const MiB = 2 ** 20;
/** The kubelet's ten seconds between two looks, in one. */
const hurried = {
  now: () => systemClock.now() * 10,
  schedule: (ms: number, callback: () => void) => systemClock.schedule(ms / 10, callback),
};

describe.skipIf(typeof engine === 'string')('a Pod on Docker that breaks a limit on disk', () => {
  const stateDir = temporaryState();
  const scope = { clusterUid: 'test-cluster', node: `eviction-${process.pid}` };
  const notices: Notice[] = [];
  const watch = new AbortController();
  let provider: InstanceProvider;
  let instance: Instance | undefined;

  beforeAll(() => {
    const runtime = createDockerRuntime({ options: {}, log: silentLog, stateDir });
    provider = createPodRunner({ runtime, clock: hurried, random: Math.random, log: silentLog });
    void provider.observe(
      scope,
      (event) => {
        if (event.type === 'changed') instance = event.instance;
        else if (event.type === 'notice') notices.push(event.notice);
      },
      watch.signal,
    );
  });
  afterEach(async () => {
    if (instance !== undefined) await provider.delete(instance.ref, never);
    instance = undefined;
    notices.length = 0;
  });
  afterAll(async () => {
    watch.abort();
    await provider.close?.();
    await rm(stateDir, { recursive: true });
  });

  async function evicted(more: Partial<InstanceSpec>): Promise<string | undefined> {
    const owner = { ...scope, namespace: 'suite', name: 'pod', podUid: randomUUID(), attempt: 0 };
    const spec = plainSpec(owner, [], {
      ...{ restartPolicy: 'Always', terminationGracePeriodSeconds: 60 },
      ...more,
    });
    await provider.create(spec, owner.podUid, never);
    await eventually(() => instance?.phase === 'Stopped', 30);
    const warnings = notices.filter(({ reason }) => reason === 'Evicted').map(({ message }) => message);
    expect(warnings).toEqual([instance?.stopCause?.message]);
    expect(instance?.stopCause).toMatchObject({ kind: 'Evicted', reason: 'Evicted' });
    expect(instance?.containers.every(({ state }) => state.kind === 'terminated')).toBe(true);
    return warnings[0];
  }
  const write = (file: string, mebibytes: number) =>
    `dd if=/dev/zero of=${file} bs=1M count=${mebibytes}; exec sleep 600`;

  it('by a volume', async () => {
    const mounts = [{ volume: 'data', mountPath: '/data', readOnly: false }];
    const message = await evicted({
      volumes: [{ name: 'data', kind: 'emptyDir', medium: '', sizeLimitBytes: MiB }],
      containers: [shell('main', write('/data/file', 2), { mounts })],
    });
    expect(message).toBe('Usage of EmptyDir volume "data" exceeds the limit "1Mi". ');
  });

  it('by what a container writes outside of volumes, beside one that does not', async () => {
    const limits = { ephemeralStorageBytes: 3 * MiB };
    const message = await evicted({
      containers: [
        shell('main', write('/file', 4), { limits }),
        shell('calm', 'exec sleep 600', { limits: { ephemeralStorageBytes: 20 * MiB } }),
      ],
    });
    expect(message).toBe('Container main exceeded its local ephemeral storage limit "3Mi". ');
  });

  it('by all of it together: its log, its volumes', async () => {
    const mounts = [{ volume: 'data', mountPath: '/data', readOnly: false }];
    const script = `head -c ${2 * MiB} /dev/zero | tr '\\0' 'x' | fold -w 1000; ${write('/data/file', 2)}`;
    const message = await evicted({
      volumes: [{ name: 'data', kind: 'emptyDir', medium: '' }],
      containers: [shell('main', script, { mounts, limits: { ephemeralStorageBytes: 3 * MiB } })],
    });
    expect(message).toBe('Pod ephemeral local storage usage exceeds the total limit of containers 3Mi. ');
  });
});
