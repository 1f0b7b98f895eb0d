import { renameSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { ProviderClock } from '../../contract/clock.ts';
import { privateFileMode, sessionProcessFile } from '../layout.ts';
import { execMarker, markerVariable } from '../marker.ts';
import { killMembers, sendSignal } from '../members.ts';
import type { ProcessTable } from '../process-table.ts';
import type { SessionProcessRecord } from '../records.ts';
import { StartFailure } from './executable.ts';
import type { Run } from './run.ts';
import type { SessionFifos } from './session-fifos.ts';
import type { SessionPeer } from './session-peer.ts';
import type { Spawned } from './spawn.ts';
import { spawnProcess } from './spawn.ts';
import { joinTerminal, spawnInTerminal } from './terminal.ts';

export interface ExecDeps {
  /** Of the session, absolute. */
  readonly folder: string;
  readonly table: ProcessTable;
  readonly clock: ProviderClock;
}

interface Started extends Spawned {
  /** Resolves when everything that came out is in the FIFOs; true at once where the process itself holds them. */
  readonly drained: () => Promise<void>;
}

/** Runs a command beside the container's process and resolves to its exit code. When the runtime leaves it is killed with all of its session. */
export async function runCommand(
  run: Run,
  command: { readonly argv: readonly string[]; readonly tty: boolean },
  fifos: SessionFifos,
  peer: SessionPeer,
  deps: ExecDeps,
): Promise<number> {
  let started: Started;
  try {
    started = await start(run, command, fifos, peer, deps);
  } catch (error) {
    if (!(error instanceof StartFailure)) throw error;
    complain(fifos.inner('stderr') ?? fifos.inner('stdout'), error.message);
    return error.shellCode;
  }
  const { pid, exited, drained } = started;
  const id = deps.table.read(pid)?.id ?? { pid, start: '' };
  noteProcess(deps.folder, { version: 1, containerId: run.record.id, process: id });
  run.guests.add(id);
  let killed: Promise<unknown> | undefined;
  const kill = (): void => {
    sendSignal(-pid, 'SIGKILL');
    killed = killMembers(deps.table, { leaders: [id], justEnded: [id] }, 1);
  };
  peer.gone.addEventListener('abort', kill, { once: true });
  // The container may have ended, and what was in it been killed, while this was started.
  if (peer.gone.aborted || !run.isRunning) kill();
  const { code } = await exited;
  peer.gone.removeEventListener('abort', kill);
  await killed;
  run.guests.delete(id);
  await drained();
  return code;
}

async function start(
  run: Run,
  { argv, tty }: { readonly argv: readonly string[]; readonly tty: boolean },
  fifos: SessionFifos,
  peer: SessionPeer,
  { clock }: ExecDeps,
): Promise<Started> {
  const { id, workingDir } = run.record;
  const environment = { ...run.environment, [markerVariable]: execMarker(id) };
  const command = { argv, workingDir, environment };
  if (tty) {
    const { size } = peer;
    const { terminal, ...spawned } = await spawnInTerminal(command, size);
    peer.onSize = (next) => void terminal.resize(next);
    if (peer.size !== undefined && peer.size !== size) peer.onSize(peer.size);
    const drained = joinTerminal(
      terminal,
      { input: fifos.take('stdin'), output: fifos.take('stdout') },
      clock,
    );
    return { ...spawned, drained };
  }
  const stdio = (['stdin', 'stdout', 'stderr'] as const).map((name) => fifos.inner(name) ?? 'ignore');
  const spawned = await spawnProcess(command, stdio);
  fifos.closeInner();
  return { ...spawned, drained: async () => {} };
}

/** For the next shim. At once rather than safe from a loss of power, which leaves no process either. */
function noteProcess(folder: string, record: SessionProcessRecord): void {
  const file = path.join(folder, sessionProcessFile);
  try {
    writeFileSync(`${file}.tmp`, JSON.stringify(record), { mode: privateFileMode });
    renameSync(`${file}.tmp`, file);
  } catch (error) {
    console.error(`an exec is not noted down: ${String(error)}`);
  }
}

/** The FIFO is empty, so that the few words fit. */
function complain(fd: number | undefined, text: string): void {
  try {
    if (fd !== undefined) writeSync(fd, `${text}\n`);
  } catch {
    // The runtime has left.
  }
}
