import path from 'node:path';
import { ProviderError } from '../../contract/errors.ts';
import { replaceFile } from '../durable-file.ts';
import { stateFile, workFolder } from '../layout.ts';
import { containerId, isMarkedBy, markerIn } from '../marker.ts';
import { findMembers } from '../members.ts';
import type { ProcessId } from '../process-table.ts';
import type { Methods, StartParams } from '../protocol.ts';
import type { ContainerRecord, StateRecord } from '../records.ts';
import { listeningAddresses } from './listeners.ts';
import type { RunDeps } from './run.ts';
import { Run } from './run.ts';

export interface SupervisorDeps extends Omit<RunDeps, 'save'> {
  /** Called after every change. */
  publish(state: StateRecord): void;
}

const saveAgainMs = 1_000;

/** The containers of one sandbox, and the file that tells of them. */
export class Supervisor {
  readonly #deps: SupervisorDeps;
  readonly #runDeps: RunDeps;
  readonly #runs = new Map<string, Run>();
  readonly #starting = new Map<string, Promise<void>>();
  #sequence: number;
  #cancelSave: (() => void) | undefined;

  /** `previous`: what the shim before this one has left, if there was one. */
  constructor(deps: SupervisorDeps, previous: StateRecord) {
    this.#deps = deps;
    this.#runDeps = { ...deps, save: () => this.#save() };
    this.#sequence = previous.sequence;
    for (const record of previous.containers) this.#runs.set(record.id, new Run(record, this.#runDeps));
    const leaders = previous.containers.some(isIntent) ? this.#markedLeaders() : new Map<string, ProcessId>();
    for (const [id, run] of this.#runs)
      if (!run.adopt(run.record.process ?? leaders.get(id))) this.#forget(run);
    this.#save();
  }

  get state(): StateRecord {
    const containers = [...this.#runs.values()].map((run) => run.record);
    return { version: 1, sequence: this.#sequence, ips: [this.#deps.ip], containers };
  }

  get isIdle(): boolean {
    return [...this.#runs.values()].every((run) => run.record.settled);
  }

  async start(params: StartParams): Promise<Methods['start']['result']> {
    const { sandbox, folder, clock } = this.#deps;
    const id = containerId(sandbox.mark, params.name, params.run);
    let run = this.#runs.get(id);
    if (run === undefined) {
      run = new Run(
        {
          id,
          name: params.name,
          run: params.run,
          image: params.image,
          workingDir: path.resolve(
            '/',
            params.workingDir || path.join(folder, workFolder(params.name, params.run)),
          ),
          ...(params.stdin && { stdin: params.stdinOnce ? ('once' as const) : ('open' as const) }),
          ...(params.tty && { tty: true as const }),
          startedAt: new Date(clock.now()).toISOString(),
          settled: false,
        },
        this.#runDeps,
      );
      this.#runs.set(id, run);
      this.#starting.set(id, this.#begin(run, params));
    }
    await this.#starting.get(id);
    return run.record;
  }

  stop(params: Methods['stop']['params']): null {
    this.#runs.get(params.containerId)?.stop(params.gracePeriodSeconds);
    return null;
  }

  remove({ containerId }: Methods['remove']['params']): null {
    const run = this.#runs.get(containerId);
    if (run === undefined) return null;
    if (!run.record.settled)
      throw new ProviderError(
        'Retryable',
        `container ${containerId} still runs; stop it before it is removed`,
      );
    this.#forget(run);
    this.#save();
    return null;
  }

  /** Throws NotFound when the container does not run. */
  running(containerId: string): Run {
    const run = this.#runs.get(containerId);
    if (run?.isRunning) return run;
    throw new ProviderError('NotFound', `container ${containerId} does not run`);
  }

  listeners({ port }: Methods['listeners']['params']): readonly string[] {
    const { ip, sandbox, table } = this.#deps;
    const runs = [...this.#runs.values()].filter((run) => run.isRunning);
    const leaders = runs.flatMap((run) => [run.record.process ?? [], [...run.guests]].flat());
    const members = findMembers(table, { marked: (marker) => isMarkedBy(marker, sandbox.mark), leaders });
    return listeningAddresses(
      port,
      ip,
      members.map((member) => member.id.pid),
    );
  }

  async #begin(run: Run, params: StartParams): Promise<void> {
    try {
      await run.start(params);
    } catch (error) {
      this.#forget(run);
      this.#save();
      throw error;
    } finally {
      this.#starting.delete(run.record.id);
    }
  }

  #forget(run: Run): void {
    run.discard();
    this.#runs.delete(run.record.id);
  }

  /** The first processes of runs that a lost shim had begun but not noted down, by container id. */
  #markedLeaders(): Map<string, ProcessId> {
    const { table, sandbox } = this.#deps;
    const found = new Map<string, ProcessId>();
    for (const entry of table.list()) {
      if (entry.ended || entry.session !== entry.id.pid) continue;
      const marker = markerIn(table.environment(entry.id.pid));
      if (marker === undefined || !isMarkedBy(marker, sandbox.mark) || found.has(marker)) continue;
      found.set(marker, entry.id);
    }
    return found;
  }

  /** What could not be written is tried again until it is; the change is told all the same, for it has happened. */
  #save(): boolean {
    this.#sequence += 1;
    this.#cancelSave?.();
    this.#cancelSave = undefined;
    const written = this.#write();
    if (!written) this.#cancelSave = this.#deps.clock.schedule(saveAgainMs, () => this.#save());
    this.#deps.publish(this.state);
    return written;
  }

  #write(): boolean {
    try {
      replaceFile(path.join(this.#deps.folder, stateFile), JSON.stringify(this.state));
      return true;
    } catch (error) {
      console.error(`${stateFile} cannot be written: ${String(error)}`);
      return false;
    }
  }
}

function isIntent(record: ContainerRecord): boolean {
  return record.process === undefined && record.exit === undefined;
}
