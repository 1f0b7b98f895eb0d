import type { MockContainer } from '../../../../providers/mock/container.ts';
import type { Goods } from '../market/prices.ts';
import { Crew } from './crew.ts';
import { GroupEvents } from './group-event.ts';
import type { GroupSpec, VolumeRequest } from './group-spec.ts';
import type { Stages } from './stages.ts';
import { marketNoticeMs, marketPeriodMs, pullAgainMs } from './stages.ts';
import type { GroupStatus } from './status.ts';
import { terminalStatuses } from './status.ts';
import { Timers } from './timers.ts';

/** Where a group is placed, or why it is not. */
export type Placement =
  | { readonly zone: string; readonly vSwitch: string }
  | { readonly refused: 'NoStock' | 'QuotaExceeded' | 'InsufficientBalance'; readonly message: string };

export interface GroupInit {
  readonly id: string;
  readonly ip: string;
  readonly spec: GroupSpec;
  /** What is billed: the spec, rounded up. */
  readonly goods: Goods;
  /** CNY per second. */
  readonly price: number;
  readonly placement: Placement;
  readonly stages: Stages;
  readonly now: number;
  /** True when the market is above the bid of this group at that moment. */
  readonly outbid: (at: number) => boolean;
  readonly hasImage: (image: string) => boolean;
}

type Timer =
  | 'scheduled'
  | 'overdue'
  | 'pulled'
  | 'settled'
  | 'deadline'
  | 'market'
  | 'expire'
  | 'kill'
  | 'gone';

/**
 * One container group: a machine that is told the time and never looks at a clock. `play(now)` does everything that was
 * due until then, each at its own moment.
 */
export class ContainerGroup {
  readonly id: string;
  readonly ip: string;
  readonly spec: GroupSpec;
  readonly goods: Goods;
  readonly price: number;
  readonly placement: Placement;
  readonly createdAt: number;
  readonly events = new GroupEvents();
  /** Every status that it had, and since when. */
  readonly history: { readonly status: GroupStatus | 'gone'; readonly at: number }[] = [];
  volumes: readonly VolumeRequest[];
  /** When anything of it changed last. */
  changedAt: number;
  /** From placed on it is billed. */
  billedFrom: number | undefined;
  /** Nothing runs from here on. */
  endedAt: number | undefined;
  goneAt: number | undefined;
  /** An image that was looked for in vain. */
  missingImage: string | undefined;
  /** Images and files are there; containers may start. */
  pulled = false;
  readonly #stages: Stages;
  readonly #outbid: (at: number) => boolean;
  readonly #hasImage: (image: string) => boolean;
  readonly #timers = new Timers<Timer>();
  #crew: Crew;
  #status: GroupStatus = 'Scheduling';
  #due = Number.NEGATIVE_INFINITY;

  constructor({ id, ip, spec, goods, price, placement, stages, now, outbid, hasImage }: GroupInit) {
    this.id = id;
    this.ip = ip;
    this.spec = spec;
    this.goods = goods;
    this.price = price;
    this.placement = placement;
    this.createdAt = now;
    this.changedAt = now;
    this.volumes = spec.volumes;
    this.#stages = stages;
    this.#outbid = outbid;
    this.#hasImage = hasImage;
    this.#crew = new Crew(spec, this);
    this.history.push({ status: 'Scheduling', at: now });
    this.#timers.set('scheduled', now + stages.schedulingMs);
  }

  get status(): GroupStatus {
    return this.#status;
  }

  get containers(): readonly MockContainer[] {
    return this.#crew.regular;
  }

  get initContainers(): readonly MockContainer[] {
    return this.#crew.init;
  }

  get terminal(): boolean {
    return terminalStatuses.includes(this.#status);
  }

  /** Takes a place and counts against the quota. */
  get live(): boolean {
    return this.endedAt === undefined;
  }

  /** When a status was entered last. */
  since(status: GroupStatus): number | undefined {
    return this.history.findLast((entry) => entry.status === status)?.at;
  }

  /** Does everything that was due until `now`. */
  play(now: number): void {
    if (this.#due > now) return;
    for (let at = this.#dueAt(); at <= now; at = this.#dueAt()) this.#turn(at);
    this.#due = this.#dueAt();
  }

  /** DeleteContainerGroup. A terminal group is gone at once. */
  delete(now: number, force: boolean): void {
    this.#change(now, () => {
      if (this.terminal) {
        this.#leave(now);
        return;
      }
      if (this.#status !== 'Terminating') {
        this.#timers.clear();
        this.#enter('Terminating', now);
        this.#crew.terminate(now);
        this.#timers.set('kill', now + this.spec.graceMs);
      }
      if (force) this.#crew.kill(now);
    });
  }

  restart(now: number): void {
    this.#change(now, () => {
      this.#renew();
      this.#enter('Restarting', now);
      this.#timers.set('settled', now + this.#stages.restartingMs);
    });
  }

  /** Replaces volumes; with `restart`, the containers begin anew. */
  update(now: number, volumes: readonly VolumeRequest[], restart: boolean): void {
    this.#change(now, () => {
      const kept = this.volumes.filter(({ name }) => !volumes.some((one) => one.name === name));
      this.volumes = [...kept, ...volumes];
      if (restart) this.#renew();
      this.#enter('Updating', now);
      this.#timers.set('settled', now + this.#stages.updatingMs);
    });
  }

  /** The market wants it back: a notice now, the end after `noticeMs`. */
  interrupt(now: number, noticeMs: number): void {
    if (this.terminal || this.#status === 'Terminating') return;
    this.#change(now, () => this.#giveNotice(now, noticeMs));
  }

  /** A container ends by itself now. */
  exit(now: number, container: string, code: number): void {
    this.#change(now, () => this.#crew.find(container).exit(now, code));
  }

  setReady(now: number, container: string, ready: boolean): void {
    this.#change(now, () => this.#crew.find(container).setReady(ready));
  }

  /** Forgets it, whatever it does: the platform lost it. */
  vanish(now: number): void {
    this.#change(now, () => this.#leave(now));
  }

  #dueAt(): number {
    const due = this.#timers.next();
    return this.live ? Math.min(due, this.#crew.dueAt()) : due;
  }

  #change(now: number, change: () => void): void {
    this.play(now);
    change();
    this.#advance(now);
    this.changedAt = now;
    this.#due = this.#dueAt();
  }

  #turn(at: number): void {
    this.changedAt = at;
    for (let timer = this.#timers.take(at); timer !== undefined; timer = this.#timers.take(at))
      this.#ring(timer, at);
    if (!this.live) return;
    this.#crew.play(at);
    this.#advance(at);
  }

  #ring(timer: Timer, at: number): void {
    if (timer === 'scheduled') this.#place(at);
    else if (timer === 'pulled') this.#pull(at);
    else if (timer === 'settled') this.#settle(at);
    else if (timer === 'overdue') this.#giveUp(at);
    else if (timer === 'deadline') this.#cut(at, 'Failed', 'DeadlineExceeded');
    else if (timer === 'expire') this.#cut(at, 'Expired', 'BidFailed');
    else if (timer === 'kill') this.#crew.kill(at);
    else if (timer === 'gone') this.#leave(at);
    else if (this.#outbid(at)) this.#giveNotice(at, marketNoticeMs);
    else this.#timers.set('market', at + marketPeriodMs);
  }

  #place(at: number): void {
    if ('refused' in this.placement) {
      this.events.warn(at, this.placement.refused, this.placement.message);
      this.#end('ScheduleFailed', at);
      return;
    }
    const { spot, activeDeadlineMs, maxPendingMs, containers } = this.spec;
    this.billedFrom = at;
    this.#enter('Pending', at);
    this.#timers.set('pulled', at + this.#stages.pendingMs);
    this.#timers.set('overdue', at + maxPendingMs);
    if (activeDeadlineMs !== undefined) this.#timers.set('deadline', at + activeDeadlineMs);
    if (spot.strategy !== 'NoSpot') this.#timers.set('market', at + spot.protectedMs);
    for (const { image } of containers) this.events.note(at, 'Pulling', `Pulling image "${image}"`);
  }

  #pull(at: number): void {
    const all = [...this.spec.initContainers, ...this.spec.containers];
    this.missingImage = all.find(({ image }) => !this.#hasImage(image))?.image;
    if (this.missingImage === undefined) {
      this.#settle(at);
      return;
    }
    this.events.note(at, 'Failed', `Failed to pull image "${this.missingImage}": not found`);
    this.#timers.set('pulled', at + pullAgainMs);
  }

  /** Only images and mounts are given so much time, not init containers. */
  #giveUp(at: number): void {
    if (!this.pulled) this.#cut(at, 'Failed', 'PendingTooLong');
  }

  #settle(at: number): void {
    if (!this.pulled)
      for (const { image } of this.spec.containers)
        this.events.note(at, 'Pulled', `Successfully pulled image "${image}"`);
    this.pulled = true;
    if (this.#status === 'Updating' && this.#crew.begun) this.#enter('Running', at);
  }

  #giveNotice(at: number, noticeMs: number): void {
    const minutes = Math.max(1, Math.round(noticeMs / 60_000));
    this.events.warn(at, 'SpotToBeReleased', `Spot ECI will be released in ${minutes} minutes`);
    this.#timers.delete('market');
    this.#timers.set('expire', at + noticeMs);
  }

  /** New containers in the place of the old ones. */
  #renew(): void {
    this.#crew = new Crew(this.spec, this);
    this.pulled = false;
  }

  /** Starts what may start now, and ends the group when nothing is left to run. */
  #advance(at: number): void {
    if (!this.live) return;
    if (this.#status === 'Terminating') this.#release(at);
    else if (this.pulled && (this.#crew.begun || this.#begin(at))) this.#finish(at);
  }

  #release(at: number): void {
    if (this.#crew.running) return;
    this.endedAt = at;
    this.#timers.clear();
    this.#timers.set('gone', at + this.#stages.releasingMs);
  }

  #begin(at: number): boolean {
    const progress = this.#crew.start(at);
    if (progress === 'failed') this.#end('Failed', at);
    if (progress !== 'begun') return false;
    for (const { name } of this.containers) this.events.note(at, 'Started', `Started container ${name}`);
    this.#enter('Running', at);
    return true;
  }

  #finish(at: number): void {
    const outcome = this.#crew.outcome();
    if (outcome === undefined) return;
    this.#crew.kill(at);
    this.#end(outcome, at);
  }

  /** The service ends it, whatever runs in it. */
  #cut(at: number, status: 'Failed' | 'Expired', reason: string): void {
    this.#crew.kill(at);
    this.events.warn(at, reason, `The container group has ended: ${reason}`);
    this.#end(status, at);
  }

  #end(status: GroupStatus, at: number): void {
    this.#enter(status, at);
    this.endedAt = at;
    this.#timers.clear();
  }

  #enter(status: GroupStatus, at: number): void {
    this.#status = status;
    this.history.push({ status, at });
  }

  #leave(at: number): void {
    this.goneAt = at;
    this.endedAt ??= at;
    this.#timers.clear();
    this.history.push({ status: 'gone', at });
  }
}
