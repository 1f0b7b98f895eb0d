import type { InstanceProvider, ProviderLog } from '../../../providers/contract/index.ts';
import type { Clock } from '../../../src/telemetry/clock.ts';

/** An instance of the cloud: from when until when it could run. */
export interface Life {
  readonly id: string;
  readonly podUid: string;
  readonly from: number;
  /** Undefined = it still can. */
  readonly to: number | undefined;
  readonly market: 'spot' | 'on-demand';
}

/** What the cloud asks for one instance that has ended. */
export interface Bill {
  readonly podUid: string;
  readonly seconds: number;
  readonly amount: number;
}

export interface ConnectOptions {
  readonly endpoint: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: ProviderLog;
  readonly stateDir: string;
}

/** A fake cloud that outlives the daemons that speak to it, and the adapter for it. */
export interface Cloud {
  readonly endpoint: string;
  connect(options: ConnectOptions): Promise<InstanceProvider>;
  /** Every instance there ever was. */
  lives(): readonly Life[];
  /** Of every instance that was billed and has ended. */
  bills(): readonly Bill[];
  /** What lies about beside the instances, and no live one has any use of. */
  strays(): readonly string[];
  /** Its container `main` ends with this code. Nothing when it does not run. */
  exit(id: string, code: number): void;
  /** The spot market wants it back. Nothing when it cannot. */
  interrupt(id: string, noticeMs: number): void;
  /** Nothing of the offers that come first is left; true = everything is there again. */
  stocked(full: boolean): void;
  close(): Promise<void>;
}

export type CloudKind = (clock: Clock, random: () => number) => Promise<Cloud>;
