import type { RuntimeContainer, TerminatedState } from '../../providers/contract/index.ts';
import type { Member } from './members.ts';

/** The kubelet's steps: 10 s, doubling, at most 300 s (kuberuntime_manager.go, flowcontrol.Backoff). */
const stepsMs = [10, 20, 40, 80, 160, 300].map((seconds) => seconds * 1000);
const longestMs = 300_000;

/** A run longer than this wipes the slate. */
const resetAfterMs = 600_000;

/** pkg/kubelet/container/helpers.go, ContainerShouldRestart. */
export function restartsAfter(member: Member, exit: TerminatedState): boolean {
  if (member.role === 'sidecar') return true;
  if (member.role === 'ephemeral') return false;
  const ruled = member.spec.restartRules?.some(
    ({ operator, exitCodes }) => exitCodes.includes(exit.exitCode) === (operator === 'In'),
  );
  if (ruled) return true;
  if (member.role === 'regular' && member.restartPolicy === 'Always') return true;
  return member.restartPolicy !== 'Never' && exit.exitCode !== 0;
}

export function exitOf(run: RuntimeContainer | undefined): TerminatedState | undefined {
  return run?.state.kind === 'exited' ? run.state.result : undefined;
}

/**
 * How long after `finishedAt` of `last` the next run may start: 0, then 10 s doubling to 300 s, 0 again after a run of
 * more than 10 minutes. It is read off the runs themselves, so it survives the daemon: the pause before `last` tells
 * which step was taken, and the run number bounds it from above (a daemon that was away also makes a long pause).
 */
export function restartDelayMs(last: RuntimeContainer, previous: RuntimeContainer | undefined): number {
  const exit = exitOf(last);
  if (exit === undefined || last.run === 0 || durationMs(exit) > resetAfterMs) return 0;
  const byCount = stepsMs[last.run - 1] ?? longestMs;
  const before = exitOf(previous);
  if (before === undefined) return byCount;
  if (durationMs(before) > resetAfterMs) return stepsMs[0] ?? longestMs;
  const pausedMs = startedMs(exit) - finishedMs(before);
  // A tenth of tolerance: runtimes round their time stamps.
  return Math.min(byCount, stepsMs.find((step) => pausedMs < step * 0.9) ?? longestMs);
}

export function finishedMs(exit: TerminatedState): number {
  return Date.parse(exit.finishedAt);
}

/** A run that never started may carry any start time (Docker: the year 1). */
function startedMs(exit: TerminatedState): number {
  return exit.reason === 'StartError' ? finishedMs(exit) : Date.parse(exit.startedAt);
}

function durationMs(exit: TerminatedState): number {
  return finishedMs(exit) - startedMs(exit);
}

/** Whole seconds as Go's time.Duration prints them: `10s`, `1m20s`, `5m0s`. */
export function goDuration(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
