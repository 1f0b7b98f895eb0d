import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { ProviderClock } from '../../contract/clock.ts';
import { ProviderError } from '../../contract/errors.ts';
import type { TerminalSize } from '../../contract/streams.ts';
import { logFolder, privateFolderMode, runFolder, workFolder } from '../layout.ts';
import { isMarkedAs } from '../marker.ts';
import type { Membership } from '../members.ts';
import { killMembers, sendSignal } from '../members.ts';
import type { ProcessId, ProcessTable } from '../process-table.ts';
import { isAlive } from '../process-table.ts';
import type { StartParams } from '../protocol.ts';
import type { ContainerRecord, ExitRecord, SandboxRecord } from '../records.ts';
import { unknownExit } from '../records.ts';
import type { Onlooker } from './capture.ts';
import { Capture } from './capture.ts';
import { ContainerInput } from './container-input.ts';
import { containerEnvironment } from './environment.ts';
import { StartFailure } from './executable.ts';
import { readFifo } from './fifo.ts';
import { LogWriter } from './log-writer.ts';
import type { RunPipePaths } from './run-pipes.ts';
import { openRunPipes, reopenInput } from './run-pipes.ts';
import type { Command, ProcessExit, Spawned } from './spawn.ts';
import { spawnProcess } from './spawn.ts';
import type { Terminal } from './terminal.ts';
import { endOfInput, spawnInTerminal } from './terminal.ts';

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
  /** Leaders of the commands that run beside its own process. */
  readonly guests = new Set<ProcessId>();
  readonly #settled = Promise.withResolvers<void>();
  #capture: Capture | undefined;
  #input: ContainerInput | undefined;
  #terminal: Terminal | undefined;
  #cancelKill = (): void => {};

  constructor(record: ContainerRecord, deps: RunDeps) {
    this.#record = record;
    this.#deps = deps;
    if (record.settled) this.#settled.resolve();
  }

  get record(): ContainerRecord {
    return this.#record;
  }

  get isRunning(): boolean {
    return this.#record.process !== undefined && this.#record.exit === undefined;
  }

  /** Resolves when it has ended and its log is complete. */
  get settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Undefined when it has none, or none any more. */
  get input(): ContainerInput | undefined {
    return this.#input?.isOpen ? this.#input : undefined;
  }

  /** Shows its output from now on, until the returned function is called. */
  show(onlooker: Onlooker): () => void {
    return this.#capture?.show(onlooker) ?? (() => {});
  }

  /** Of its terminal, when it has one. */
  async resize(size: TerminalSize): Promise<void> {
    await this.#terminal?.resize(size);
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
      const command = { argv: params.argv, workingDir, environment: this.#environment };
      const started = await (this.#record.tty ? this.#startInTerminal(command) : this.#startOnPipes(command));
      const { pid, exited, outputs } = started;
      this.#capture = new Capture(log, outputs);
      this.#record = {
        ...this.#record,
        startedAt: isoTime(clock),
        process: table.read(pid)?.id ?? { pid, start: '' },
      };
      void exited.then((exit) => this.#ended(exitRecord(exit, isoTime(clock)), true));
    } catch (error) {
      log.close();
      if (!(error instanceof StartFailure)) throw error;
      this.#record = { ...this.#record, exit: startError(error, isoTime(clock)), settled: true };
      this.#settled.resolve();
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
    // A terminal has gone with the shim that held it; its processes got SIGHUP.
    if (!this.#record.tty) this.#captureAgain();
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

  async #startOnPipes(command: Command): Promise<Started> {
    const { stdin } = this.#record;
    const pipes = openRunPipes(this.#pipePaths(), stdin);
    try {
      const outer = [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] as const;
      const spawned = await spawnProcess(command, [...(pipes?.stdio ?? outer)]);
      const own = spawned.pipes;
      this.#takeInput(pipes === undefined ? (own?.stdin ?? undefined) : pipes.input);
      const outputs = pipes?.outputs ?? [own?.stdout, own?.stderr].filter((one) => one != null);
      pipes?.release();
      return { ...spawned, outputs };
    } catch (error) {
      pipes?.destroy();
      throw error;
    }
  }

  async #startInTerminal(command: Command): Promise<Started> {
    const { terminal, ...spawned } = await spawnInTerminal(command);
    const { stream } = terminal;
    this.#terminal = terminal;
    if (this.#record.stdin !== undefined) this.#takeInput(stream, () => stream.write(endOfInput));
    return { ...spawned, outputs: [stream] };
  }

  #takeInput(target: Writable | undefined, end = (): void => void target?.end(() => target.destroy())): void {
    if (target !== undefined) this.#input = new ContainerInput(target, this.#record.stdin === 'once', end);
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
    this.#input?.destroy();
    for (const fifo of Object.values(this.#pipePaths())) rmSync(fifo, { force: true });
    this.#record = { ...this.#record, settled: true };
    save();
    this.#settled.resolve();
  }

  async #killAll(justEnded: readonly ProcessId[]): Promise<void> {
    const { table } = this.#deps;
    const { id, process: leader } = this.#record;
    const membership: Membership = {
      marked: (marker) => isMarkedAs(marker, id),
      leaders: [...(leader === undefined ? [] : [leader]), ...this.guests],
      justEnded,
    };
    const left = await killMembers(table, membership, 1);
    if (left.length > 0) console.error(`${id}: ${left.length} processes do not end after SIGKILL`);
  }

  #captureAgain(): void {
    try {
      const { stdin, stdout, stderr } = this.#pipePaths();
      this.#capture = new Capture(this.#openLog(), [stdout, stderr].map(readFifo));
      if (this.#record.stdin === 'open') this.#takeInput(reopenInput(stdin));
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

  #pipePaths(): RunPipePaths {
    const [stdin, stdout, stderr] = ['stdin', 'stdout', 'stderr'].map((name) =>
      path.join(this.#folder(), name),
    );
    return { stdin, stdout, stderr } as RunPipePaths;
  }
}

interface Started extends Spawned {
  readonly outputs: readonly Readable[];
}

function exitRecord({ code, signal }: ProcessExit, finishedAt: string): ExitRecord {
  const reason = code === 0 ? 'Completed' : 'Error';
  return { exitCode: code, ...(signal !== undefined && { signal }), reason, message: '', finishedAt };
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
