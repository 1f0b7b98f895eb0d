import { randomUUID } from 'node:crypto';
import type { ProviderClock } from '../../../providers/contract/index.ts';
import { wallClock } from '../../../providers/contract/index.ts';
import type { Latency } from '../../../providers/mock/random.ts';
import { drawMs, seededRandom } from '../../../providers/mock/random.ts';
import { Account } from './account.ts';
import type { CallRecord } from './call-record.ts';
import { CallBook } from './call-record.ts';
import { ExecSessions } from './exec/sessions.ts';
import { FaultPlan } from './faults.ts';
import type { Placement } from './group/group.ts';
import { ContainerGroup } from './group/group.ts';
import type { GroupSpec } from './group/group-spec.ts';
import type { Stages } from './group/stages.ts';
import type { BillLine } from './ledger.ts';
import { billLine } from './ledger.ts';
import type { Goods } from './market/prices.ts';
import { ephemeralPrice, listPrice, round } from './market/prices.ts';
import { SpotMarket } from './market/spot-market.ts';
import { Stock } from './market/stock.ts';
import type { FakeEciOptions } from './options.ts';
import { Replies } from './replies.ts';
import { documentedLimits, Throttle } from './request/throttle.ts';
import { forgotten } from './retention.ts';
import { runCommand } from './shell/run-command.ts';

/** How a shortage is told: by the call itself, or by the group that it made. */
export type Telling = 'at once' | 'late';

export interface ExecCall {
  readonly group: string;
  readonly container: string;
  readonly command: readonly string[];
  readonly env: ReadonlyMap<string, string>;
}

/** One region of one account. It outlives the adapters that speak to it. */
export class FakeEciCloud {
  readonly clock: ProviderClock;
  readonly region: string;
  readonly vSwitches: Readonly<Record<string, string>>;
  readonly securityGroups: readonly string[];
  /** Its secret is drawn: whoever has it runs commands on this machine. */
  readonly account = new Account({
    accessKeyId: 'LTAIfake',
    accessKeySecret: `fake-secret-${randomUUID()}`,
  });
  readonly stock = new Stock();
  readonly market: SpotMarket;
  readonly faults: FaultPlan;
  readonly throttle: Throttle;
  readonly replies = new Replies();
  readonly book: CallBook;
  readonly sessions: ExecSessions;
  readonly pageFill: number;
  /** How each shortage is told. The vendor tells most of them late. */
  readonly telling: { stock: Telling; quota: Telling; balance: Telling } = {
    stock: 'late',
    quota: 'at once',
    balance: 'at once',
  };
  /** vCPU that may be in use at a time. */
  quotaCpu: number;
  /** What a command answers that is run to its end at once. */
  onExec: (call: ExecCall) => string = ({ command, env }) => runCommand(command, env).output;
  readonly #stages: FakeEciOptions['stages'];
  readonly #missingImages = new Set<string>();
  readonly #bareImages = new Set<string>();
  readonly #random: () => number;
  readonly #history: boolean;
  readonly #present = new Map<string, ContainerGroup>();
  readonly #live = new Set<ContainerGroup>();
  readonly #all: ContainerGroup[] = [];
  #count = 0;

  constructor(options: FakeEciOptions = {}) {
    const { clock = wallClock, seed = 1, region = 'cn-hangzhou', limits = documentedLimits } = options;
    this.clock = clock;
    this.region = region;
    this.vSwitches = options.vSwitches ?? { 'vsw-fake-h': `${region}-h`, 'vsw-fake-i': `${region}-i` };
    this.securityGroups = options.securityGroups ?? ['sg-fake'];
    this.market = new SpotMarket(options.spotPart ?? 0.2);
    this.faults = new FaultPlan(seed);
    this.sessions = new ExecSessions(clock);
    this.throttle = new Throttle(limits === 'none' ? {} : limits);
    this.quotaCpu = options.quotaCpu ?? 10_000;
    this.pageFill = options.pageFill ?? 1;
    this.#stages = options.stages;
    this.#random = seededRandom(seed);
    this.#history = options.history ?? true;
    this.book = new CallBook(this.#history);
  }

  now(): number {
    return this.clock.now();
  }

  /** What the API still knows, oldest first. */
  present(): ContainerGroup[] {
    const now = this.now();
    for (const group of this.#present.values()) group.play(now);
    for (const id of forgotten([...this.#present.values()], now)) this.#present.delete(id);
    return [...this.#present.values()];
  }

  find(id: string): ContainerGroup | undefined {
    const group = this.#present.get(id);
    group?.play(this.now());
    // What has ended may be forgotten by now, which depends on all others.
    if (group?.terminal || group?.goneAt !== undefined) this.present();
    return this.#present.get(id);
  }

  /** vCPU in use. */
  usedCpu(): number {
    const now = this.now();
    let sum = 0;
    for (const group of this.#live) {
      group.play(now);
      if (group.live) sum += group.goods.cpu;
      else this.#live.delete(group);
    }
    return sum;
  }

  create(spec: GroupSpec, goods: Goods, placement: Placement): ContainerGroup {
    const number = ++this.#count;
    const now = this.now();
    const spot = spec.spot.strategy !== 'NoSpot';
    const group = new ContainerGroup({
      id: `eci-fake${number.toString(36).padStart(12, '0')}`,
      ip: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
      spec,
      goods,
      price: round(
        (spot ? this.market.price(goods, now) : listPrice(goods).total) +
          ephemeralPrice(spec.ephemeralStorage ?? 0),
      ),
      placement,
      stages: this.#drawStages(),
      now,
      hasImage: (image) => !this.#missingImages.has(image),
      outbid: (at) => this.market.outbids(spec.spot.priceLimit, goods, at),
    });
    group.play(now);
    this.#present.set(group.id, group);
    this.#live.add(group);
    if (this.#history) this.#all.push(group);
    return group;
  }

  /** Everything ever made, oldest first, as it is now. */
  instances(): readonly ContainerGroup[] {
    for (const group of this.#all) group.play(this.now());
    return this.#all;
  }

  /** What every group that was ever billed costs, until now. */
  bill(): BillLine[] {
    return this.instances().flatMap((group) => billLine(group, this.now()) ?? []);
  }

  /** The market wants a group back: a notice now, the end after `noticeMs`. */
  interrupt(id: string, noticeMs: number): void {
    this.#need(id).interrupt(this.now(), noticeMs);
  }

  /** A container ends by itself now. */
  exit(id: string, container: string, code: number): void {
    this.#need(id).exit(this.now(), container, code);
  }

  setReady(id: string, container: string, ready: boolean): void {
    this.#need(id).setReady(this.now(), container, ready);
  }

  /** Whether a registry has an image, from now on. */
  setImage(image: string, isThere: boolean): void {
    for (const group of this.#live) group.play(this.now());
    if (isThere) this.#missingImages.delete(image);
    else this.#missingImages.add(image);
  }

  /** Whether there is a /bin/sh in an image, from now on. */
  setShell(image: string, isThere: boolean): void {
    if (isThere) this.#bareImages.delete(image);
    else this.#bareImages.add(image);
  }

  hasShell(image: string): boolean {
    return !this.#bareImages.has(image);
  }

  /** The service loses a group, without a trace. */
  vanish(id: string): void {
    this.#need(id).vanish(this.now());
  }

  /** The calls so far, when history is kept. */
  get calls(): readonly CallRecord[] {
    return this.book.calls;
  }

  #need(id: string): ContainerGroup {
    const group = this.find(id);
    if (group === undefined) throw new Error(`the fake has no group ${id}`);
    return group;
  }

  #drawStages(): Stages {
    const { schedulingMs, pendingMs, releasingMs, restartingMs, updatingMs } = this.#stages ?? {};
    const draw = (latency: Latency): number => drawMs(latency, this.#random);
    return {
      schedulingMs: draw(schedulingMs ?? 2000),
      pendingMs: draw(pendingMs ?? 8000),
      releasingMs: draw(releasingMs ?? 2000),
      restartingMs: draw(restartingMs ?? 5000),
      updatingMs: draw(updatingMs ?? 3000),
    };
  }
}
