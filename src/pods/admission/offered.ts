import type {
  InstanceProvider,
  Machine,
  Offer,
  SizingRules,
  Wishes,
} from '../../../providers/contract/index.ts';
import { type Asked, askedOf } from '../../capacity/asked.ts';
import { amountsText } from '../../capacity/asked-text.ts';
import { purchaseOf } from '../../capacity/choose-size.ts';
import { offersFor, wishes as ownWishes } from '../../capacity/offers-for.ts';
import type { Pod } from '../../kube/types.ts';
import { sizedPod } from '../../podspec/sized-pod.ts';
import type { Verdict } from '../status/pod-status.ts';
import { aboutFields, type Finding, sentence } from './finding.ts';

/** What a provider sells, and how it reads Pods. */
export interface Sold {
  readonly offers: readonly Offer[];
  readonly sizing: SizingRules;
  /** The annotations of the vendor that choose among the offers. */
  readonly wishes?: Wishes;
  /** To compare with. */
  readonly machines?: readonly Machine[];
}

/** Undefined where instances are not bought. */
export function soldBy(
  provider: Pick<InstanceProvider, 'sizing' | 'offers' | 'wishes' | 'machines'>,
): Sold | undefined {
  const { sizing, wishes } = provider;
  const offers = provider.offers?.();
  if (sizing === undefined || offers === undefined) return undefined;
  const machines = provider.machines?.();
  return { sizing, offers, ...(wishes && { wishes }), ...(machines && { machines }) };
}

/** Offers that are not known yet refuse nobody. Throws QuantityError. */
export function offeredFindings(pod: Pod, { offers, sizing, wishes }: Sold): Finding[] {
  const asked = askedOf(sizedPod(pod), sizing);
  const left = offersFor(pod, offers, wishes);
  if (offers.length === 0 || left.some((offer) => purchaseOf(asked, offer) !== undefined)) return [];
  return [findingOf(pod, asked, left, wishes)];
}

/** The same, of a Pod that was admitted when there were other offers. */
export function tooLargeFor(
  pod: Pod,
  asked: Asked,
  { offers, wishes }: Pick<Sold, 'offers' | 'wishes'>,
): Verdict {
  const finding = findingOf(pod, asked, offersFor(pod, offers, wishes), wishes);
  return { reason: finding.reason, message: `Pod was rejected: ${sentence(finding)}` };
}

function findingOf(
  { metadata }: Pod,
  asked: Asked,
  left: readonly Offer[],
  vendor: Wishes | undefined,
): Finding {
  if (left.length === 0) {
    const fields = [...Object.values(ownWishes), ...(vendor?.annotations ?? [])]
      .filter((name) => metadata?.annotations?.[name] !== undefined)
      .map((name) => `metadata.annotations[${name}]`);
    return {
      ...{
        reason: 'NoSuchOffer',
        fields,
        instead: 'write what burstlet check lists, or remove the annotation',
      },
      text: aboutFields(fields, 'the provider sells nothing like that'),
    };
  }
  const largest = left.flatMap(({ id, sizes }) => {
    const last = sizes.toSorted((a, b) => a.cpuMillis - b.cpuMillis || a.memoryBytes - b.memoryBytes).at(-1);
    return last === undefined ? [] : [`${last.name} at ${id}`];
  });
  return {
    ...{ reason: 'TooLargeForOffers', fields: ['spec'], instead: 'ask for less, or split the Pod' },
    text: `no instance that is sold holds ${amountsText(asked)}; the largest are ${largest.join(', ')}`,
  };
}
