import type { ContainerStats, InstanceStats } from '../../../providers/contract/index.ts';
import type { ContainerUsage, NodeUsage, PodUsage } from './usage.ts';

/** What a Pod or the node has used up: of every run the growth that was seen, so that it stays when a run is gone. */
interface Total {
  cpuNanoSeconds: number;
  readonly runs: Map<string, ContainerUsage>;
}

/**
 * Makes what a provider measures fit to be published. Scrapers reckon with differences of counters and take a fall for
 * a restart and a zero for a fault (metrics-server drops the whole Pod, or the node: pkg/storage), so: the CPU time of
 * a run never falls, its time never goes back, and it is at least a nanosecond.
 */
export class UsageCounts {
  readonly #pods = new Map<string, Total>();
  #cpuNanoSeconds = 1;
  #last: NodeUsage | undefined;

  /** Takes a measurement in. `isKnown`: Pods that are not measured now may be again. */
  take(stats: readonly InstanceStats[], at: number, isKnown: (podUid: string) => boolean): NodeUsage {
    const measured = new Map<string, PodUsage>();
    for (const instance of stats) {
      const { podUid } = instance.ref;
      const usage = this.#pod(instance);
      if (usage.containers.length > 0 || usage.network !== undefined) measured.set(podUid, usage);
    }
    for (const uid of this.#pods.keys()) if (!measured.has(uid) && !isKnown(uid)) this.#pods.delete(uid);
    const pods = [...measured.values()];
    const usage: NodeUsage = {
      at,
      cpuNanoSeconds: this.#cpuNanoSeconds,
      nanoCores: rate(this.#last, { at, cpuNanoSeconds: this.#cpuNanoSeconds }),
      memoryWorkingSetBytes: Math.max(
        1,
        sum(pods, (pod) => pod.memoryWorkingSetBytes),
      ),
      pods,
    };
    this.#last = usage;
    return usage;
  }

  #pod({ ref: { podUid: uid }, containers: stats, network }: InstanceStats): PodUsage {
    const total = this.#pods.get(uid) ?? { cpuNanoSeconds: 0, runs: new Map() };
    this.#pods.set(uid, total);
    const containers = stats.filter(isMeasured).flatMap((one) => this.#container(total, one) ?? []);
    const rates = containers.map(({ nanoCores }) => nanoCores);
    return {
      uid,
      at: Math.max(0, ...containers.map((one) => one.at)),
      cpuNanoSeconds: total.cpuNanoSeconds,
      nanoCores: rates.some((one) => one === undefined) ? undefined : sum(rates, (one) => one ?? 0),
      memoryWorkingSetBytes: sum(containers, (one) => one.memoryWorkingSetBytes),
      containers,
      network,
    };
  }

  /** Undefined for a run that has been followed by another already. */
  #container(total: Total, stats: ContainerStats): ContainerUsage | undefined {
    const before = total.runs.get(stats.name);
    const at = Date.parse(stats.time);
    const isSameRun = before?.startedAt === stats.startedAt;
    if (before !== undefined && !isSameRun && Date.parse(stats.startedAt) < Date.parse(before.startedAt))
      return undefined;
    if (before !== undefined && isSameRun && at <= before.at) return before;
    const least = before !== undefined && isSameRun ? before.cpuNanoSeconds : 1;
    const cpuNanoSeconds = Math.max(least, stats.cpuNanoSeconds);
    const grown = isSameRun ? cpuNanoSeconds - least : cpuNanoSeconds;
    total.cpuNanoSeconds += grown;
    // What it used while it could not be measured was not used since the last time.
    const wasMissed = !isSameRun && this.#last !== undefined && Date.parse(stats.startedAt) < this.#last.at;
    if (!wasMissed) this.#cpuNanoSeconds += grown;
    const nanoCores = isSameRun ? rate(before, { at, cpuNanoSeconds }) : undefined;
    const usage: ContainerUsage = { ...stats, at, cpuNanoSeconds, nanoCores };
    total.runs.set(stats.name, usage);
    return usage;
  }
}

/** A provider may be anybody's code, and a number that is none would spoil every sum. */
function isMeasured({ time, startedAt, cpuNanoSeconds, memoryWorkingSetBytes }: ContainerStats): boolean {
  const times = [Date.parse(time), Date.parse(startedAt)];
  return (
    [...times, cpuNanoSeconds, memoryWorkingSetBytes].every(Number.isFinite) &&
    cpuNanoSeconds >= 0 &&
    memoryWorkingSetBytes > 0
  );
}

interface Point {
  readonly at: number;
  readonly cpuNanoSeconds: number;
}

/** Billionths of a core between two points. */
function rate(before: Point | undefined, now: Point): number | undefined {
  if (before === undefined || now.at <= before.at) return undefined;
  return Math.round(((now.cpuNanoSeconds - before.cpuNanoSeconds) * 1000) / (now.at - before.at));
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
