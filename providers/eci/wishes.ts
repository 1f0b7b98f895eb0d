import type { InstanceSize, Offer, Wishes } from '../contract/index.ts';
import { vSwitchOf } from './offers.ts';
import type { EciOptions } from './options.ts';

const prefix = 'k8s.aliyun.com/';
const names = {
  specs: `${prefix}eci-use-specs`,
  vSwitches: `${prefix}eci-vswitch`,
  strategy: `${prefix}eci-spot-strategy`,
  fallback: `${prefix}eci-spot-fallback`,
} as const;

/**
 * What the vendor's annotations say of size, zone and market (user-guide/pod-annotations, 2025-04-24): sizes in the order
 * in which they are named, the Pod's own vSwitches, and spot alone unless falling back is allowed.
 */
export function eciWishes(options: EciOptions): Wishes {
  return {
    annotations: [names.specs, names.vSwitches, names.strategy],
    narrow(offers, annotations) {
      const vSwitches = listOf(annotations[names.vSwitches]);
      const markets = marketsOf(annotations[names.strategy], annotations[names.fallback]);
      const left = offers.filter(
        (offer) =>
          markets.includes(offer.market) && (vSwitches?.includes(vSwitchIdOf(options, offer)) ?? true),
      );
      const specs = listOf(annotations[names.specs]);
      return specs === undefined
        ? left
        : specs.flatMap((spec) => left.flatMap((offer) => sized(offer, spec)));
    },
  };
}

function vSwitchIdOf(options: EciOptions, { id, market }: Offer): string {
  return vSwitchOf(options, { offer: id, market }).id;
}

function marketsOf(strategy: string | undefined, fallback: string | undefined): readonly Offer['market'][] {
  if (strategy === undefined) return ['spot', 'on-demand'];
  if (strategy === 'NoSpot') return ['on-demand'];
  return fallback === 'true' ? ['spot', 'on-demand'] : ['spot'];
}

function sized(offer: Offer, spec: string): Offer[] {
  const sizes = offer.sizes.filter((size) => isCalled(size, spec));
  return sizes.length === 0 ? [] : [{ ...offer, sizes }];
}

/** `2-4Gi` is 2 vCPU with 4 GiB; anything else is an instance type. */
function isCalled({ name, cpuMillis, memoryBytes }: InstanceSize, spec: string): boolean {
  const [, cpu, gib] = /^(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?)Gi$/.exec(spec) ?? [];
  if (cpu === undefined || gib === undefined) return name === spec;
  return (
    !name.startsWith('ecs.') && cpuMillis === Number(cpu) * 1000 && memoryBytes === Number(gib) * 1024 ** 3
  );
}

function listOf(value: string | undefined): string[] | undefined {
  return value
    ?.split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
}
