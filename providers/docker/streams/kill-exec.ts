import { delay } from '../../contract/clock.ts';
import type { InspectedExec } from '../engine/shapes.ts';
import { hasEnded } from '../engine/shapes.ts';
import { unlessAborted } from '../waiting.ts';
import type { ExecDeps } from './exec.ts';
import { processesOf } from './session-processes.ts';

const lookMs = 20;
/** A start that was asked for takes a while on a busy machine. */
const startsWithinMs = 30_000;
/** From the request for a start to the moment at which the engine says that it is under way. */
const beginsWithinMs = 1_000;
const longestLookMs = 500;
const goesWithinMs = 60_000;
/** The caller waits no longer; the work goes on. */
const patienceMs = 3_000;

/**
 * Ends a command, and what it has left in its session. The engine has no call for it, so it is done where its processes
 * are on this machine and this process may signal them; elsewhere the command only loses its input. Never rejects.
 */
export async function killExec(deps: ExecDeps, id: string): Promise<void> {
  const killing = killSession(deps, id).catch(() => {});
  await unlessAborted(killing, AbortSignal.timeout(patienceMs)).catch(() => {});
}

async function killSession(deps: ExecDeps, id: string): Promise<void> {
  const leader = await started(deps, id);
  if (leader === undefined) return;
  // Again and again: some are just being started, and on a busy machine a killed one takes its time to go.
  const limit = AbortSignal.timeout(goesWithinMs);
  for (let wait = lookMs; !limit.aborted; wait = Math.min(wait * 2, longestLookMs)) {
    const pids = await processesOf(leader.ContainerID, leader.Pid);
    if (pids.length === 0) return;
    for (const pid of pids) kill(pid);
    await delay(deps.clock, wait, limit);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended, or this process may not.
  }
}

/** Waits for a start that is under way. Undefined when there was none. */
async function started({ engine, clock }: ExecDeps, id: string): Promise<InspectedExec | undefined> {
  const limit = AbortSignal.timeout(startsWithinMs);
  const since = clock.now();
  for (;;) {
    const exec = await engine.inspectExec(id, limit);
    if (exec.Pid > 0) return exec;
    if (hasEnded(exec) || (!exec.Running && clock.now() - since > beginsWithinMs)) return undefined;
    await delay(clock, lookMs, limit);
  }
}
