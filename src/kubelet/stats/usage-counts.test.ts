import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ContainerStats, InstanceStats } from '../../../providers/contract/index.ts';
import { UsageCounts } from './usage-counts.ts';

const start = Date.UTC(2026, 0, 1);
const iso = (second: number): string => new Date(start + second * 1000).toISOString();

function container(second: number, cpuSeconds: number, more: Partial<ContainerStats> = {}): ContainerStats {
  const measured = { time: iso(second), startedAt: iso(-60), cpuNanoSeconds: cpuSeconds * 1e9 };
  return { name: 'main', ...measured, memoryWorkingSetBytes: 1000, ...more };
}

function instance(uid: string, ...containers: readonly ContainerStats[]): InstanceStats {
  return { ref: { id: `i-${uid}`, podUid: uid }, containers };
}

const always = (): boolean => true;
const at = (second: number): number => start + second * 1000;

describe('the CPU time of a run', () => {
  test('never falls, and its rate is that of two measurements', () => {
    const counts = new UsageCounts();
    const first = counts.take([instance('a', container(0, 10))], at(0), always);
    expect(first.pods[0]?.containers[0]).toMatchObject({ cpuNanoSeconds: 10e9, nanoCores: undefined });
    const second = counts.take([instance('a', container(10, 15))], at(10), always);
    expect(second.pods[0]?.containers[0]).toMatchObject({ cpuNanoSeconds: 15e9, nanoCores: 5e8 });
    const third = counts.take([instance('a', container(20, 3))], at(20), always);
    expect(third.pods[0]?.containers[0]).toMatchObject({ cpuNanoSeconds: 15e9, nanoCores: 0 });
  });

  test('begins anew with a new start, while that of the Pod and of the node goes on', () => {
    const counts = new UsageCounts();
    counts.take([instance('a', container(0, 10))], at(0), always);
    const restarted = container(10, 1, { startedAt: iso(5) });
    const { pods, cpuNanoSeconds } = counts.take([instance('a', restarted)], at(10), always);
    expect(pods[0]?.containers[0]?.cpuNanoSeconds).toBe(1e9);
    expect(pods[0]?.cpuNanoSeconds).toBe(11e9);
    expect(cpuNanoSeconds).toBe(11e9 + 1);
  });

  test('of an earlier start is not taken for that of the later one', () => {
    const counts = new UsageCounts();
    counts.take([instance('a', container(0, 1))], at(0), always);
    const { pods } = counts.take([instance('a', container(1, 9, { startedAt: iso(-600) }))], at(1), always);
    expect(pods).toEqual([]);
  });

  test('is kept over a measurement that failed, as long as the Pod is there', () => {
    const counts = new UsageCounts();
    counts.take([instance('a', container(0, 10))], at(0), always);
    counts.take([], at(10), always);
    expect(counts.take([instance('a', container(20, 4))], at(20), always).pods[0]?.cpuNanoSeconds).toBe(10e9);
    counts.take([], at(30), () => false);
    expect(counts.take([instance('a', container(40, 4))], at(40), always).pods[0]?.cpuNanoSeconds).toBe(4e9);
  });
});

test('what was measured at the same moment is published as it was', () => {
  const counts = new UsageCounts();
  const first = counts.take([instance('a', container(0, 1))], at(0), always);
  const again = counts.take([instance('a', container(0, 2))], at(5), always);
  expect(again.pods[0]?.containers).toEqual(first.pods[0]?.containers);
});

test('nothing is zero: metrics-server would drop it', () => {
  const counts = new UsageCounts();
  const empty = counts.take([], at(0), always);
  expect(empty).toMatchObject({ cpuNanoSeconds: 1, memoryWorkingSetBytes: 1 });
  const idle = counts.take([instance('a', container(1, 0))], at(1), always);
  expect(idle.pods[0]?.containers[0]?.cpuNanoSeconds).toBe(1);
});

test('what was not measured is left out alone', () => {
  const counts = new UsageCounts();
  const broken = [
    container(0, Number.NaN, { name: 'nan' }),
    container(0, 1, { name: 'no-memory', memoryWorkingSetBytes: 0 }),
    container(0, 1, { name: 'no-time', time: 'soon' }),
    container(0, -1, { name: 'negative' }),
  ];
  const { pods } = counts.take([instance('a', ...broken, container(0, 1)), instance('b')], at(0), always);
  expect(pods.map(({ uid, containers }) => [uid, containers.map(({ name }) => name)])).toEqual([
    ['a', ['main']],
  ]);
});

test('a container that ran before it could be measured gives the node no peak', () => {
  const counts = new UsageCounts();
  counts.take([instance('a', container(0, 1))], at(0), always);
  const late = instance('b', container(10, 5_000));
  const fresh = instance('c', container(10, 2, { startedAt: iso(5) }));
  const { nanoCores } = counts.take([instance('a', container(10, 2)), late, fresh], at(10), always);
  expect(nanoCores).toBe(3e8);
});

test('no counter falls, whatever a provider says', () => {
  const stats = fc.record({
    second: fc.integer({ min: 0, max: 50 }),
    started: fc.integer({ min: -3, max: 0 }),
    cpu: fc.oneof(fc.double({ min: 0, max: 100, noNaN: true }), fc.constant(Number.NaN)),
  });
  fc.assert(
    fc.property(fc.array(stats, { maxLength: 30 }), (all) => {
      const counts = new UsageCounts();
      const runs = new Map<string, number>();
      let [pod, node] = [0, 0];
      for (const [index, { second, started, cpu }] of all.entries()) {
        const measured = container(second, cpu, { startedAt: iso(started) });
        const usage = counts.take([instance('a', measured)], at(index), always);
        for (const { startedAt, cpuNanoSeconds } of usage.pods[0]?.containers ?? []) {
          expect(cpuNanoSeconds).toBeGreaterThanOrEqual(runs.get(startedAt) ?? 1);
          runs.set(startedAt, cpuNanoSeconds);
        }
        expect(usage.pods[0]?.cpuNanoSeconds ?? pod).toBeGreaterThanOrEqual(pod);
        expect(usage.cpuNanoSeconds).toBeGreaterThanOrEqual(node);
        pod = usage.pods[0]?.cpuNanoSeconds ?? pod;
        node = usage.cpuNanoSeconds;
      }
    }),
  );
});
