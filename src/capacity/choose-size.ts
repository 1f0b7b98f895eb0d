import type { InstanceSize, Machine, Offer, Purchase } from '../../providers/contract/index.ts';
import type { Asked } from './asked.ts';

const gib = 1024 ** 3;

/** Per second; undefined when the offer does not say. */
export function pricePerSecond(size: InstanceSize, { rates }: Pick<Offer, 'rates'>): number | undefined {
  if (size.pricePerSecond !== undefined) return size.pricePerSecond;
  if (rates === undefined) return undefined;
  return (size.cpuMillis / 1000) * rates.perCpuSecond + (size.memoryBytes / gib) * rates.perGibSecond;
}

/**
 * The cheapest size of an offer that holds what is asked; of equally dear ones the smallest. Undefined when none does.
 * Without prices a core counts as eight GiB, about their ratio in every list.
 */
export function chooseSize(asked: Asked, offer: Offer): InstanceSize | undefined {
  const cost = (size: InstanceSize): number =>
    pricePerSecond(size, offer) ?? size.cpuMillis / 1000 + size.memoryBytes / gib / 8;
  let best: InstanceSize | undefined;
  for (const size of offer.sizes) {
    if (!holds(size, asked)) continue;
    if (best === undefined || compare(size, best, cost) < 0) best = size;
  }
  return best;
}

export function purchaseOf(asked: Asked, offer: Offer): Purchase | undefined {
  const size = chooseSize(asked, offer);
  if (size === undefined) return undefined;
  const perSecond = pricePerSecond(size, offer);
  const { id, market, rates } = offer;
  const price =
    perSecond === undefined || rates === undefined ? {} : { price: { currency: rates.currency, perSecond } };
  return { offer: id, market, size, ...price };
}

/** The cheapest machine that holds what is asked; machines have nothing beside cores and memory here. */
export function machineFor(asked: Asked, machines: readonly Machine[]): Machine | undefined {
  const fitting = machines.filter((machine) => holds(machine, asked));
  return fitting.toSorted((a, b) => a.perHour - b.perHour)[0];
}

function holds(size: Pick<InstanceSize, 'cpuMillis' | 'memoryBytes' | 'extended'>, asked: Asked): boolean {
  return (
    size.cpuMillis >= asked.cpuMillis &&
    size.memoryBytes >= asked.memoryBytes &&
    Object.entries(asked.extended).every(([name, amount]) => (size.extended?.[name] ?? 0) >= amount)
  );
}

function compare(one: InstanceSize, other: InstanceSize, cost: (size: InstanceSize) => number): number {
  return cost(one) - cost(other) || one.cpuMillis - other.cpuMillis || one.memoryBytes - other.memoryBytes;
}
