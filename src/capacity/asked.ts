import type { Resources, SizingRules } from '../../providers/contract/index.ts';

/** What sizing reads of a container. */
export interface SizedContainer {
  readonly requests: Resources;
  readonly limits: Resources;
  /** Always makes an init container a sidecar. */
  readonly restartPolicy?: string;
}

export interface SizedPod {
  readonly initContainers: readonly SizedContainer[];
  readonly containers: readonly SizedContainer[];
  /** What is asked for the Pod as a whole, in place of the sum. */
  readonly whole?: SizedContainer;
}

/** What an instance must have at least. */
export interface Asked {
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly extended: Readonly<Record<string, number>>;
}

/**
 * What a Pod needs at its neediest moment: its containers and sidecars together, or an init container beside the
 * sidecars before it. Each container counts as the rules of the provider say; one that has nothing counts nothing.
 */
export function askedOf(pod: SizedPod, rules: SizingRules): Asked {
  const of = (container: SizedContainer): Asked => amountOf(container, rules);
  let sidecars = nothing;
  let neediest = nothing;
  for (const container of pod.initContainers) {
    if (container.restartPolicy === 'Always') sidecars = combine(sidecars, of(container), sum);
    else neediest = combine(neediest, combine(sidecars, of(container), sum), Math.max);
  }
  const running = pod.containers.reduce((total, each) => combine(total, of(each), sum), sidecars);
  const asked = { ...combine(neediest, running, Math.max), ...wholeOf(pod, rules) };
  return asked.cpuMillis === 0 && asked.memoryBytes === 0 ? { ...asked, ...rules.unasked } : asked;
}

function wholeOf({ whole }: SizedPod, rules: SizingRules): Partial<Pick<Asked, 'cpuMillis' | 'memoryBytes'>> {
  if (whole === undefined) return {};
  const { cpuMillis, memoryBytes } = amountOf(whole, rules);
  return { ...(cpuMillis > 0 ? { cpuMillis } : {}), ...(memoryBytes > 0 ? { memoryBytes } : {}) };
}

const nothing: Asked = { cpuMillis: 0, memoryBytes: 0, extended: {} };

function amountOf({ requests, limits }: SizedContainer, { counts }: SizingRules): Asked {
  const [first, second] = counts === 'limits' ? [limits, requests] : [requests, limits];
  return {
    cpuMillis: first.cpuMillis ?? second.cpuMillis ?? 0,
    memoryBytes: first.memoryBytes ?? second.memoryBytes ?? 0,
    extended: { ...second.extended, ...first.extended },
  };
}

function combine(one: Asked, other: Asked, by: (a: number, b: number) => number): Asked {
  const names = new Set([...Object.keys(one.extended), ...Object.keys(other.extended)]);
  return {
    cpuMillis: by(one.cpuMillis, other.cpuMillis),
    memoryBytes: by(one.memoryBytes, other.memoryBytes),
    extended: Object.fromEntries(
      [...names].map((name) => [name, by(one.extended[name] ?? 0, other.extended[name] ?? 0)]),
    ),
  };
}

function sum(a: number, b: number): number {
  return a + b;
}
