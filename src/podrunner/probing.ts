import type { Probe } from '../../providers/contract/index.ts';
import type { Action, ProbeKind } from './actions.ts';
import { probeAction } from './actions.ts';
import type { Member } from './members.ts';
import { isUp } from './members.ts';
import type { ProbeMemory, RunMemory } from './state.ts';
import { isRunning } from './state.ts';

/** `error`: the probe itself could not be made; it counts neither way (prober/worker.go doProbe). */
export type ProbeResult = 'success' | 'failure' | 'error';

export interface Probes {
  readonly actions: readonly Action[];
  readonly wakes: readonly number[];
}

/**
 * The probes that are due. The startup probe alone until it has passed; then readiness, which goes on while the Pod
 * ends, and liveness, which does not. After a failed startup or liveness probe nothing more is asked of that run.
 */
export function probing(members: readonly Member[], ending: boolean, now: number): Probes {
  const actions: Action[] = [];
  const wakes: number[] = [];
  for (const member of members) {
    if (!isRunning(member.last) || !isUp(member) || member.role === 'init') continue;
    for (const which of wantedProbes(member, ending)) {
      const probe = probeOf(member, which);
      if (probe === undefined) continue;
      const due = dueAt(member, which, probe);
      if (due > now) wakes.push(due);
      else actions.push(probeAction(member.last.id, which, probe));
    }
  }
  return { actions, wakes };
}

function wantedProbes(member: Member, ending: boolean): readonly ProbeKind[] {
  const { memory } = member;
  if (member.spec.startupProbe !== undefined && memory.startup?.result !== 'success')
    return ending || memory.startup?.result === 'failure' ? [] : ['startup'];
  return ending || memory.liveness?.result === 'failure' ? ['readiness'] : ['readiness', 'liveness'];
}

function probeOf(member: Member, which: ProbeKind): Probe | undefined {
  const { startupProbe, readinessProbe, livenessProbe } = member.spec;
  return { startup: startupProbe, readiness: readinessProbe, liveness: livenessProbe }[which];
}

function dueAt(member: Member, which: ProbeKind, probe: Probe): number {
  const { memory, last } = member;
  const periodMs = Math.max(1, probe.periodSeconds) * 1000;
  const probedAt = memory[which]?.probedAt;
  if (probedAt !== undefined) return probedAt + periodMs;
  const startedAt = last?.state.kind === 'running' ? Date.parse(last.state.startedAt) : 0;
  return Math.max(
    startedAt + probe.initialDelaySeconds * 1000,
    memory.inheritedAt === undefined ? 0 : memory.inheritedAt + (memory.spread ?? 0) * periodMs,
  );
}

/** Takes one outcome in. A result holds until its opposite was seen as often in a row as the threshold says. */
export function recordProbe(
  memory: RunMemory,
  which: ProbeKind,
  probe: Probe,
  outcome: { readonly result: ProbeResult; readonly probedAt: number; readonly now: number },
): RunMemory {
  const known: ProbeMemory = { streak: 0, ...memory[which], probedAt: outcome.probedAt };
  const { result } = outcome;
  if (result === 'error') return { ...memory, [which]: known };
  const streak = known.last === result ? known.streak + 1 : 1;
  const counted: ProbeMemory = { ...known, last: result, streak };
  const threshold = result === 'success' ? probe.successThreshold : probe.failureThreshold;
  if (streak < threshold || known.result === result) return { ...memory, [which]: counted };
  return { ...memory, [which]: { ...counted, result, resultAt: outcome.now } };
}
