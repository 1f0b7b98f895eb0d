import type { ContainerSpec, InstanceSpec, RuntimeContainer } from '../../providers/contract/index.ts';
import type { RunMemory, RunnerState } from './state.ts';
import { freshRun, isRunning } from './state.ts';

/** `sidecar`: an init container with restartPolicy Always. `ephemeral`: added later, for somebody to look around. */
type Role = 'init' | 'sidecar' | 'regular' | 'ephemeral';

/** One container of the Pod: what the spec wants and what became of it. */
export interface Member {
  readonly spec: ContainerSpec;
  readonly role: Role;
  readonly restartPolicy: InstanceSpec['restartPolicy'];
  readonly last?: RuntimeContainer;
  /** The run before `last`, kept for lastState and `logs --previous`. */
  readonly previous?: RuntimeContainer;
  /** Runs that nobody can ask for any more. */
  readonly older: readonly RuntimeContainer[];
  /** Of `last`. */
  readonly memory: RunMemory;
}

/** Init containers first, in the order of the spec; last the ephemeral ones, in the order in which they came. */
export function membersOf(spec: InstanceSpec, state: RunnerState): readonly Member[] {
  const byName = runsByName(state.sandbox.containers);
  const member = (container: ContainerSpec, role: Role): Member => {
    const restartPolicy = container.restartPolicy ?? spec.restartPolicy;
    return { spec: container, role, restartPolicy, ...latest(byName.get(container.name) ?? [], state) };
  };
  const ephemeral = new Map(state.ephemeral);
  const others = new Set([...spec.initContainers, ...spec.containers].map(({ name }) => name));
  // Added in the time of an earlier process, which had its spec.
  for (const [name, [run]] of byName)
    if (!others.has(name) && !ephemeral.has(name)) ephemeral.set(name, begunEarlier(name, run?.image ?? ''));
  return [
    ...spec.initContainers.map((c) => member(c, c.restartPolicy === 'Always' ? 'sidecar' : 'init')),
    ...spec.containers.map((c) => member(c, 'regular')),
    ...[...ephemeral.values()].map((c) => member(c, 'ephemeral')),
  ];
}

/** All there is to know of a container that never starts again. */
function begunEarlier(name: string, image: string): ContainerSpec {
  return {
    ...{ name, image, imagePullPolicy: 'Never', env: [], ports: [], requests: {}, limits: {}, mounts: [] },
    ...{ securityContext: {}, stdin: false, stdinOnce: false, tty: false },
    ...{ terminationMessagePath: '', terminationMessagePolicy: 'File' },
  };
}

/** Names in the order in which they first ran, each with its runs, newest first. */
export function runsByName(runs: readonly RuntimeContainer[]): Map<string, RuntimeContainer[]> {
  const byName = new Map<string, RuntimeContainer[]>();
  for (const run of runs) {
    const known = byName.get(run.name);
    if (known === undefined) byName.set(run.name, [run]);
    else known.push(run);
  }
  for (const known of byName.values()) known.sort((a, b) => b.run - a.run);
  return byName;
}

function latest(
  newestFirst: readonly RuntimeContainer[],
  state: RunnerState,
): Pick<Member, 'last' | 'previous' | 'older' | 'memory'> {
  const [last, previous, ...older] = newestFirst;
  return {
    ...(last && { last }),
    ...(previous && { previous }),
    older,
    memory: (last && state.runs.get(last.id)) ?? freshRun,
  };
}

/** The number of the run to start next. */
export function nextRun(member: Member): number {
  return member.last === undefined ? 0 : member.last.run + 1;
}

/** Those whose end is the end of the Pod; the others end with it. */
export function isMain({ role }: Member): boolean {
  return role === 'init' || role === 'regular';
}

/** The postStart hook has still to end: until then the container does not count as running. */
export function isPostStartPending(member: Member): boolean {
  return (
    isRunning(member.last) && member.spec.postStart !== undefined && member.memory.postStart === 'pending'
  );
}

/** Runs, and its postStart hook (if any) has succeeded. */
export function isUp(member: Member): boolean {
  return (
    isRunning(member.last) && (member.spec.postStart === undefined || member.memory.postStart === 'done')
  );
}

/** Is up, and its startup probe (if any) has passed. */
export function isStarted(member: Member): boolean {
  if (!isUp(member)) return false;
  return member.spec.startupProbe === undefined || member.memory.startup?.result === 'success';
}

export function isReady(member: Member): boolean {
  if (!isStarted(member)) return false;
  return member.spec.readinessProbe === undefined || member.memory.readiness?.result === 'success';
}
