/** A size that a provider sells. */
export interface InstanceSize {
  /** As the provider writes it: `2.0-4.0Gi`, `0.5vCPU-1GB`, `ecs.gn7i-c8g1.2xlarge`. */
  readonly name: string;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** What it has beside, by resource name: `nvidia.com/gpu`. */
  readonly extended?: Readonly<Record<string, number>>;
  /** Where the size has a price of its own: per second, in the currency of the offer. */
  readonly pricePerSecond?: number;
}

/** How the provider reads what a Pod asks for, as its documentation says. */
export interface SizingRules {
  /** What is bought for a Pod that asks for nothing. */
  readonly unasked: { readonly cpuMillis: number; readonly memoryBytes: number };
  /** Which of the two counts for a container that has both. */
  readonly counts: 'limits' | 'requests';
}

export type Market = 'on-demand' | 'spot';

/** List prices, for what has no price of its own. */
export interface Rates {
  /** ISO 4217. */
  readonly currency: string;
  readonly perCpuSecond: number;
  readonly perGibSecond: number;
  /** The shortest time that is billed. */
  readonly minimumSeconds: number;
  /** ISO 8601 date on which they were read, and where. */
  readonly asOf: string;
  readonly source: string;
}

/** One way to get an instance. A node tries its offers in order, one at a time. */
export interface Offer {
  /** Unique within the provider and stable: it stands in Events, metrics and configuration. `cn-hangzhou-h/spot`. */
  readonly id: string;
  readonly market: Market;
  readonly zone?: string;
  readonly sizes: readonly InstanceSize[];
  /** Absent = the prices are not known. */
  readonly rates?: Rates;
}

/** What was chosen for one instance, before it is created. */
export interface Purchase {
  readonly offer: string;
  readonly market: Market;
  readonly size: InstanceSize;
  readonly price?: Price;
}

/** Annotations that the provider documents, by which a Pod chooses among its offers. */
export interface Wishes {
  /** Their full names. */
  readonly annotations: readonly string[];
  /** The offers that are left for such a Pod, each with the sizes that are left, in the order in which to try them. Pure. */
  narrow(offers: readonly Offer[], annotations: Readonly<Record<string, string>>): readonly Offer[];
}

/** A machine of the same vendor that one would rent by the hour instead: for people to compare with. */
export interface Machine {
  readonly name: string;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** List price. */
  readonly perHour: number;
  /** ISO 4217. */
  readonly currency: string;
  /** ISO 8601 date on which it was read, and where. */
  readonly asOf: string;
  readonly source: string;
}

export interface Price {
  /** ISO 4217. */
  readonly currency: string;
  readonly perSecond: number;
}
