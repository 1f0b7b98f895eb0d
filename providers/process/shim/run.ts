import { mkdirSync, rmSync } from 'node:fs';
import { constants } from 'node:os';
import path from 'node:path';
import type { ProviderClock } from '../../contract/clock.ts';
import { ProviderError } from '../../contract/errors.ts';
import { logFolder, privateFolderMode, runFolder, workFolder } from '../layout.ts';
import type { Membership } from '../members.ts';
import { killMembers, sendSignal } from '../members.ts';
import type { ProcessId, ProcessTable } from '../process-table.ts';
import { isAlive } from '../process-table.ts';
import type { StartParams } from '../protocol.ts';
import type { ContainerRecord, ExitRecord, SandboxRecord } from '../records.ts';
import { unknownExit } from '../records.ts';
import { Capture } from './capture.ts';
import { containerEnvironment } from './environment.ts';
import { StartFailure } from './executable.ts';
import { readFifo } from './fifo.ts';
import { LogWriter } from './log-writer.ts';
import { spawnProcess } from './spawn.ts';

export interface RunDeps {
  /** The sandbox's, absolute. */
  readonly folder: string;
  readonly sandbox: SandboxRecord;
  readonly ip: string;
  readonly table: ProcessTable;
  readonly clock: ProviderClock;
  /** Writes down and tells all records as they are now. False when they could not be written. */
  save(): boolean;
}

/** containerd's code for every container that could not be started. */
const startErrorCode = 128;
/** What still holds the output open when no process of the run is left belongs to someone else. */
const drainMs = 2_000;
/** How often a process that is not our child is looked at. */
const adoptedPollMs = 250;
const longestTimerMs = 2 ** 31 - 1;

/** One run of one container: from the intent to start it to the last line of its log. */
export class Run {
  readonly #deps: RunDeps;
  #record: ContainerRecord;
  #environment: Readonly<Record<string, string>> = {};
  #capture: Capture | undefined;
  #cancelKill = (): void => {};

  constructor(record: ContainerRecord, deps: RunDeps) {
    this.#record = record;
    this.#deps = deps;
  }

  get record(): ContainerRecord {
    return this.#record;
  }

  get isRunning(): boolean {
    return this.#record.process !== undefined && this.#record.exit === undefined;
  }

  /** What a further process in this container is started with. */
  get environment(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  /**
   * Starts it. The intent is on disk before the process exists, and the process is on disk before anyone hears of it;
   * in between its marker tells whose it is. A command that cannot be started makes a run that has ended; a rejection
   * means that the run does not exist.
   */
  async start(params: StartParams): Promise<void> {
    const { sandbox, ip, save, table, clock } = this.#deps;
    const { id, name, run, workingDir } = this.#record;
    if (!save())
      throw new ProviderError('Retryable', 'the state of the sandbox cannot be written; nothing was started');
    const home = path.join(this.#deps.folder, workFolder(name, run));
    mkdirSync(home, { recursive: true, mode: privateFolderMode });
    const log = this.#openLog();
    this.#environment = containerEnvironment(params.env, {
      containerId: id,
      hostname: sandbox.hostname,
      ip,
      home,
      nodeFile: process.execPath,
    });
    try {
      const { child, pid, outputs } = await spawnProcess({
        argv: params.argv,
        workingDir,
        environment: this.#environment,
        stdin: params.stdin,
        fifos: this.#fifos(),
        lasting: true,
      });
      this.#capture = new Capture(log, outputs);
      const startedAt = isoTime(clock);
      child.once('exit', (code, signal) => this.#ended(exitOf(code, signal, isoTime(clock)), true));
      this.#record = { ...this.#record, startedAt, process: table.read(pid)?.id ?? { pid, start: '' } };
    } catch (error) {
      log.close();
      if (!(error instanceof StartFailure)) throw error;
      this.#record = { ...this.#record, exit: startError(error, isoTime(clock)), settled: true };
    }
    if (save() || this.#record.process === undefined) return;
    // A process that a crash would make ownerless must not go on.
    sendSignal(-this.#record.process.pid, 'SIGKILL');
  }

  /** Takes over from a shim that was lost. `leader`: its first process, as far as known. False: it never ran. */
  adopt(leader: ProcessId | undefined): boolean {
    const { table, clock } = this.#deps;
    if (this.#record.exit !== undefined) {
      if (!this.#record.settled) void this.#settle(false);
      return true;
    }
    if (leader === undefined) return false;
    this.#record = { ...this.#record, process: leader };
    if (!isAlive(table, leader)) {
      this.#ended(unknownExit(isoTime(clock)), false);
      return true;
    }
    this.#environment = parseEnvironment(table.environment(leader.pid));
    this.#captureAgain();
    this.#watch(leader);
    if (this.#record.killAt !== undefined) this.#killAt(this.#record.killAt);
    return true;
  }

  /** SIGTERM to the group at the first call; SIGKILL at the earliest of the times that the calls name. */
  stop(gracePeriodSeconds: number): void {
    const { clock, save, table } = this.#deps;
    const { process: leader, killAt, exit } = this.#record;
    const wanted = clock.now() + gracePeriodSeconds * 1_000;
    if (exit !== undefined || leader === undefined || (killAt !== undefined && killAt <= wanted)) return;
    this.#record = { ...this.#record, killAt: wanted };
    save();
    if (killAt === undefined && isAlive(table, leader)) sendSignal(-leader.pid, 'SIGTERM');
    this.#killAt(wanted);
  }

  /** Removes its files. */
  discard(): void {
    rmSync(this.#folder(), { recursive: true, force: true });
  }

  #killAt(time: number): void {
    const { clock } = this.#deps;
    this.#cancelKill();
    this.#cancelKill = clock.schedule(Math.min(Math.max(0, time - clock.now()), longestTimerMs), () => {
      if (clock.now() < time) this.#killAt(time);
      else void this.#killAll([]);
    });
  }

  #ended(exit: ExitRecord, reapedNow: boolean): void {
    this.#cancelKill();
    this.#record = { ...this.#record, exit };
    this.#deps.save();
    void this.#settle(reapedNow);
  }

  /** What the first process leaves behind is killed, as the kernel does with a container's, and the log is completed. */
  async #settle(reapedNow: boolean): Promise<void> {
    const { clock, save } = this.#deps;
    await this.#killAll(reapedNow && this.#record.process !== undefined ? [this.#record.process] : []);
    await this.#capture?.finish(drainMs, clock);
    for (const fifo of this.#fifos()) rmSync(fifo, { force: true });
    this.#record = { ...this.#record, settled: true };
    save();
  }

  async #killAll(justEnded: readonly ProcessId[]): Promise<void> {
    const { table } = this.#deps;
    const { id, process: leader } = this.#record;
    const membership: Membership = {
      marked: (marker) => marker === id,
      leaders: leader === undefined ? [] : [leader],
      justEnded,
    };
    const left = await killMembers(table, membership, 1);
    if (left.length > 0) console.error(`${id}: ${left.length} processes do not end after SIGKILL`);
  }

  #captureAgain(): void {
    try {
      this.#capture = new Capture(this.#openLog(), this.#fifos().map(readFifo));
    } catch (error) {
      console.error(`${this.#record.id}: its output can no longer be read: ${String(error)}`);
    }
  }

  #watch(leader: ProcessId): void {
    const { table, clock } = this.#deps;
    clock.schedule(adoptedPollMs, () => {
      if (isAlive(table, leader)) this.#watch(leader);
      else this.#ended(unknownExit(isoTime(clock)), false);
    });
  }

  #openLog(): LogWriter {
    const { folder, sandbox } = this.#deps;
    const limits = { maxBytes: sandbox.logMaxBytes, maxFiles: sandbox.logMaxFiles };
    return new LogWriter(path.join(folder, logFolder(this.#record.name, this.#record.run)), limits);
  }

  #folder(): string {
    return path.join(this.#deps.folder, runFolder(this.#record.name, this.#record.run));
  }

  #fifos(): [stdout: string, stderr: string] {
    return [path.join(this.#folder(), 'stdout'), path.join(this.#folder(), 'stderr')];
  }
}

function exitOf(code: number | null, signalName: NodeJS.Signals | null, finishedAt: string): ExitRecord {
  if (signalName === null)
    return { exitCode: code ?? 0, reason: code === 0 ? 'Completed' : 'Error', message: '', finishedAt };
  const signal = constants.signals[signalName];
  return { exitCode: 128 + signal, signal, reason: 'Error', message: '', finishedAt };
}

function startError(error: StartFailure, finishedAt: string): ExitRecord {
  return { exitCode: startErrorCode, reason: 'StartError', message: error.message, finishedAt };
}

function parseEnvironment(entries: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    entries.map((entry) => {
      const cut = entry.indexOf('=');
      return [entry.slice(0, cut), entry.slice(cut + 1)];
    }),
  );
}

function isoTime(clock: ProviderClock): string {
  return new Date(clock.now()).toISOString();
}
