import type { HookAction, Probe, ProbeAction } from '../../../providers/contract/index.ts';
import { pause } from '../../telemetry/clock.ts';
import { bounded } from '../bounded.ts';
import type { ProbeResult } from '../probing.ts';
import { shorten } from '../state.ts';
import { type CommandDeps, runCommand } from './command.ts';
import { grpcCheck } from './grpc.ts';
import { httpGet } from './http.ts';
import { tcpConnect } from './tcp.ts';

const maxOutputBytes = 10 * 1024;

export interface CheckTarget {
  readonly sandboxId: string;
  readonly containerId: string;
  /** Address of the instance, where an action names none. */
  readonly address: string | undefined;
}

/** One probe. Settles at its own time limit at the latest; rejects only when `signal` fires. */
export async function runProbe(
  deps: CommandDeps,
  target: CheckTarget,
  probe: Probe,
  signal: AbortSignal,
): Promise<{ readonly result: ProbeResult; readonly message: string }> {
  const timeoutMs = Math.max(1, probe.timeoutSeconds) * 1000;
  if (probe.action.kind === 'exec') {
    try {
      const ended = await execute(deps, target, probe.action.command, timeoutMs, signal);
      return { result: ended === undefined ? 'success' : 'failure', message: ended ?? '' };
    } catch (error) {
      signal.throwIfAborted();
      return { result: 'error', message: messageOf(error) };
    }
  }
  const { action } = probe;
  try {
    await bounded(deps.clock, timeoutMs, signal, (limit) => ask(action, target, limit));
    return { result: 'success', message: '' };
  } catch (error) {
    signal.throwIfAborted();
    return { result: 'failure', message: messageOf(error) };
  }
}

async function ask(
  action: Exclude<ProbeAction, { kind: 'exec' }>,
  target: CheckTarget,
  signal: AbortSignal,
): Promise<void> {
  if (action.kind === 'http') {
    const status = await httpGet(action, addressOf(target, action.host), signal);
    if (status < 200 || status >= 400) throw new Error(`HTTP probe failed with statuscode: ${status}`);
  } else if (action.kind === 'tcp') {
    await tcpConnect(addressOf(target, action.host), action.port, signal);
  } else {
    await grpcCheck(addressOf(target, undefined), action.port, action.service, signal);
  }
}

/** One lifecycle hook; rejects with the reason when it failed. Any HTTP answer is a success (lifecycle/handlers.go). */
export async function runHook(
  deps: CommandDeps,
  target: CheckTarget,
  hook: HookAction,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  if (hook.kind === 'sleep') {
    await pause(deps.clock, Math.min(hook.seconds * 1000, timeoutMs), signal);
    signal.throwIfAborted();
  } else if (hook.kind === 'http') {
    await bounded(deps.clock, timeoutMs, signal, (limit) =>
      httpGet(hook, addressOf(target, hook.host), limit),
    );
  } else {
    const failure = await execute(deps, target, hook.command, timeoutMs, signal);
    if (failure !== undefined) throw new Error(failure);
  }
}

/** Resolves with what went wrong with the command, or undefined; rejects when it could not be run. */
async function execute(
  deps: CommandDeps,
  target: CheckTarget,
  command: readonly string[],
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const ended = await runCommand(deps, target, command, { timeoutMs, maxOutputBytes }, signal);
  if (ended.timedOut) return `command timed out after ${timeoutMs / 1000} s`;
  if (ended.exitCode === 0) return undefined;
  const output = shorten(ended.output.toString()).trim();
  return `command exited with ${ended.exitCode}${output === '' ? '' : `: ${output}`}`;
}

function addressOf(target: CheckTarget, host: string | undefined): string {
  const address = host ?? target.address;
  if (address === undefined) throw new Error('the instance has no address yet');
  return address;
}

export function messageOf(error: unknown): string {
  return shorten(error instanceof Error ? error.message : String(error));
}
