import type { Instance, InstanceProvider, Purchase } from '../../providers/contract/index.ts';
import { type Asked, askedOf } from '../capacity/asked.ts';
import { amountsText, wasteText } from '../capacity/asked-text.ts';
import { moneyText } from '../capacity/cost.ts';
import { CostBook, type Spending } from '../capacity/cost-book.ts';
import { OfferBook, type PassedOver } from '../capacity/offer-book.ts';
import { offersFor } from '../capacity/offers-for.ts';
import { ownerOf } from '../capacity/owner-of.ts';
import {
  type Annotations,
  type Attempt,
  attemptNotes,
  attemptOf,
  billNotes,
  hasNotes,
  notes,
  passedText,
  purchaseIn,
  saysPurchase,
  tariffIn,
} from '../capacity/purchase-notes.ts';
import type { Pod } from '../kube/types.ts';
import { sizedPod } from '../podspec/sized-pod.ts';
import type { Clock } from '../telemetry/clock.ts';
import { tooLargeFor } from './admission/offered.ts';
import type { PodEvents } from './pod-reconciler.ts';
import type { PodRecord } from './pod-record.ts';
import { hasBegun, type SaleView, type StockPolicy, unserved } from './sale.ts';
import { isTerminal } from './status/phase.ts';
import type { Verdict } from './status/pod-status.ts';

export interface PurchaserDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly provider: Pick<InstanceProvider, 'sizing' | 'offers' | 'wishes'>;
  readonly policy: StockPolicy;
  readonly events: PodEvents;
  /** An offer has stock again: those that wait may choose anew. */
  readonly onStock: () => void;
  /** An offer was tried again and is shut until then (milliseconds): those that wait may sleep until then. */
  readonly onShut: (until: number) => void;
}

/** Decides what to buy for each Pod, and keeps the book of what there is to be had. */
export class Purchaser {
  readonly #deps: PurchaserDeps;
  readonly #book: OfferBook;
  readonly #costs: CostBook;
  readonly #sizing: NonNullable<InstanceProvider['sizing']>;
  readonly #offers: NonNullable<InstanceProvider['offers']>;
  /** Of this process. */
  readonly #buyer: string;

  /** Undefined where the provider sells nothing. */
  static of(deps: PurchaserDeps): Purchaser | undefined {
    const { sizing, offers } = deps.provider;
    if (sizing === undefined || offers === undefined) return undefined;
    return new Purchaser(deps, sizing, () => offers.call(deps.provider));
  }

  private constructor(
    deps: PurchaserDeps,
    sizing: NonNullable<InstanceProvider['sizing']>,
    offers: NonNullable<InstanceProvider['offers']>,
  ) {
    this.#deps = deps;
    this.#sizing = sizing;
    this.#offers = offers;
    this.#buyer = Math.floor(deps.random() * 2 ** 40).toString(36);
    this.#costs = new CostBook(deps.clock);
    this.#book = new OfferBook({ clock: deps.clock, random: deps.random, offers });
  }

  view(pod: Pod, record: PodRecord): SaleView {
    const attempt = attemptOf(pod);
    const { chosen } = record;
    // An earlier process has decided on more than this one knows.
    if (chosen !== undefined && chosen.number < attempt) delete record.chosen;
    const deciding = record.chosen !== undefined && !hasNotes(pod, this.#notes(record.chosen));
    const known = purchaseIn(pod, this.#offers()) !== undefined;
    const purchase = known ? 'known' : saysPurchase(pod) ? 'not sold' : 'none';
    const mine = hasNotes(pod, this.#claim());
    return { attempt, purchase, mine, deciding, policy: this.#deps.policy };
  }

  /** What this attempt buys. Undefined when it is not worth a call: an earlier process has chosen what is shut now. */
  purchase(pod: Pod, record: PodRecord): Purchase | undefined {
    const purchase = purchaseIn(pod, this.#offers());
    if (purchase === undefined || (record.chosen === undefined && this.#book.isShut(purchase.offer))) {
      record.spent = attemptOf(pod);
      return undefined;
    }
    this.#tell(pod, record, purchase);
    return purchase;
  }

  /**
   * Decides on the next attempt, which counts once the Pod says so. Without stock the Pod waits, for the reason that
   * the record then holds. `replaces`: there is an instance without stock, which goes as soon as the attempt counts.
   * Returns why no offer will ever do.
   */
  choose(pod: Pod, record: PodRecord, replaces: boolean): Verdict | undefined {
    const { clock } = this.#deps;
    const asked = askedOf(sizedPod(pod), this.#sizing);
    const choice = this.#book.choose(asked, (offers) => offersFor(pod, offers, this.#deps.provider.wishes));
    if (choice.kind === 'too-large') {
      const wishes = this.#deps.provider.wishes;
      return tooLargeFor(pod, asked, { offers: this.#offers(), ...(wishes && { wishes }) });
    }
    const sale = this.view(pod, record);
    const used = record.spent === sale.attempt || sale.purchase === 'not sold';
    const number = sale.attempt + (used ? 1 : 0);
    const purchase = choice.kind === 'purchase' ? choice.purchase : undefined;
    if (choice.kind === 'shut') {
      record.waiting = { reason: 'OutOfStock', message: shortage(choice.passed, asked) };
      record.shutUntil = choice.at;
      if (!replaces) return undefined;
    } else delete record.shutUntil;
    const minimumSeconds =
      this.#offers().find(({ id }) => id === purchase?.offer)?.rates?.minimumSeconds ?? 1;
    if (number > sale.attempt) delete record.doubtAt;
    record.chosen = { number, purchase, minimumSeconds, asked, passed: choice.passed, at: clock.now() };
    return undefined;
  }

  /** `chosenAt` in milliseconds: absent = when this process has chosen it. */
  outOfStock(
    pod: Pod,
    record: PodRecord,
    why: string,
    chosenAt = record.chosen?.at ?? record.acceptedAt,
  ): void {
    record.spent = attemptOf(pod);
    const offer = pod.metadata?.annotations?.[notes.offer];
    if (offer === undefined) return;
    const known = this.#book.isShut(offer);
    const until = this.#book.outOfStock(offer, chosenAt, why === '' ? 'no stock' : why);
    if (known) this.#deps.onShut(until);
  }

  /** What the instance of this attempt shows of the stock of its offer. */
  saw(pod: Pod, record: PodRecord, instance: Instance): void {
    const attempt = attemptOf(pod);
    if (instance.owner.attempt !== attempt) return;
    if (unserved(instance) && record.spent !== attempt) {
      const chosenAt = record.chosen?.at ?? Date.parse(instance.createdAt);
      this.outOfStock(pod, record, instance.stopCause?.message ?? '', chosenAt);
    }
    this.#note(pod, instance);
    if (record.served || !hasBegun(instance)) return;
    record.served = true;
    const offer = pod.metadata?.annotations?.[notes.offer];
    if (offer !== undefined && this.#book.bought(offer)) this.#deps.onStock();
  }

  /** The instance is no more. */
  gone(instance: Instance | undefined): void {
    if (instance !== undefined) this.#costs.gone(instance.ref.id);
  }

  get spending(): readonly Spending[] {
    return this.#costs.spending();
  }

  #note(pod: Pod, { ref, billing }: Instance): void {
    const tariff = tariffIn(pod);
    if (billing === undefined || tariff === undefined) return;
    const { namespace = '', annotations = {} } = pod.metadata ?? {};
    const { currency } = tariff.price;
    this.#costs.note(
      ref.id,
      { namespace, owner: ownerOf(pod), market: annotations[notes.market] ?? '', currency },
      tariff,
      billing,
    );
  }

  /** What the Pod shall say of its purchase and of its bill, beside a status of that phase. */
  annotations(
    pod: Pod,
    { chosen, lastInstance }: PodRecord,
    phase: string | undefined,
    { deciding, claims }: { readonly deciding: boolean; readonly claims: boolean },
  ): Annotations {
    if (deciding && chosen !== undefined) return this.#notes(chosen);
    if (claims) return this.#claim();
    // While it only waits to begin, this alone is not worth a write.
    if (lastInstance === undefined || phase === 'Pending' || unserved(lastInstance)) return {};
    const { billing, annotations } = lastInstance;
    const ended = isTerminal(phase) ? endOf(lastInstance, this.#deps.clock.now()) : undefined;
    return { ...annotations, ...(billing && billNotes(pod, billing, ended)) };
  }

  #notes(chosen: Attempt): Annotations {
    return { ...attemptNotes(chosen), ...this.#claim() };
  }

  #claim(): Annotations {
    return { [notes.buyer]: this.#buyer };
  }

  #tell(pod: Pod, record: PodRecord, { offer, size, price }: Purchase): void {
    const { chosen } = record;
    if (chosen === undefined || chosen.told) return;
    chosen.told = true;
    const { asked, passed } = chosen;
    const at =
      price === undefined ? '' : ` for ${moneyText(price.perSecond * 3600, price.currency)} per hour`;
    const over = passed.length === 0 ? '' : `; passed over ${passedText(passed)}`;
    this.#deps.events(
      pod,
      'Normal',
      'InstanceSized',
      `Asked for ${amountsText(asked)}; buying ${size.name} (${amountsText(size)}) at ${offer}${at}; not asked for: ${wasteText(asked, size)}${over}`,
    );
  }
}

function shortage(passed: readonly PassedOver[], asked: Asked): string {
  if (passed.length === 0) return 'The provider has no offers at this time';
  return `No offer has an instance for ${amountsText(asked)}: ${passedText(passed)}`;
}

/** When its bill ended; where its provider does not tell, when its last container did. Milliseconds. */
function endOf({ containers }: Instance, now: number): number {
  const ends = containers.flatMap(({ state }) =>
    state.kind === 'terminated' ? [Date.parse(state.finishedAt)] : [],
  );
  return ends.length === containers.length && ends.length > 0 ? Math.max(...ends) : now;
}
