import { readFile } from 'node:fs/promises';
import type { ProviderClock } from '../contract/clock.ts';
import { delay } from '../contract/clock.ts';
import type { ExecOptions, ExecResult } from '../contract/runtime.ts';
import type { Engine } from './engine/engine.ts';
import { readFrames } from './engine/frames.ts';

/** The engine notes the exit code a moment after the output has ended; a command may also go on in silence. */
const firstLookMs = 20;
const longestLookMs = 500;
const killTimeoutMs = 5_000;

export interface ExecDeps {
  readonly engine: Engine;
  readonly clock: ProviderClock;
  /** The engine's processes may be on another machine. */
  readonly remote: boolean;
}

/** Runs a command in a running container. At its time limit it is killed, where its process can be reached from here. */
export async function runExec(
  { engine, clock, remote }: ExecDeps,
  containerId: string,
  command: readonly string[],
  { timeoutMs, maxOutputBytes }: ExecOptions,
  signal: AbortSignal,
): Promise<ExecResult> {
  const late = new AbortController();
  const cancel = clock.schedule(timeoutMs, () => late.abort());
  const limit = AbortSignal.any([signal, late.signal]);
  const output: Buffer[] = [];
  let room = maxOutputBytes;
  let exec: string | undefined;
  const result = (exitCode: number, timedOut: boolean): ExecResult => ({
    exitCode,
    output: Buffer.concat(output),
    timedOut,
  });
  try {
    exec = (await engine.createExec(containerId, command, limit)).Id;
    for await (const { data } of readFrames(await engine.startExec(exec, limit))) {
      if (room > 0) output.push(Buffer.from(data.subarray(0, room)));
      room -= Math.min(room, data.length);
    }
    for (let wait = firstLookMs; ; wait = Math.min(wait * 2, longestLookMs)) {
      const { Running, ExitCode } = await engine.inspectExec(exec, limit);
      if (!Running && ExitCode !== null) return result(ExitCode, false);
      await delay(clock, wait, limit);
    }
  } catch (error) {
    if (exec !== undefined && limit.aborted && !remote) await killExec(engine, exec, containerId);
    if (!late.signal.aborted || signal.aborted) throw error;
    return result(137, true);
  } finally {
    cancel();
  }
}

/** The engine has no call for it. The process is ended only if the kernel says that it is in this container. */
async function killExec(engine: Engine, exec: string, containerId: string): Promise<void> {
  try {
    const { Running, Pid } = await engine.inspectExec(exec, AbortSignal.timeout(killTimeoutMs));
    if (!Running || Pid <= 1) return;
    const groups = await readFile(`/proc/${Pid}/cgroup`, 'utf8');
    if (groups.includes(containerId)) process.kill(Pid, 'SIGKILL');
  } catch {
    // It has ended, or this process may not see it.
  }
}
