import type { ContainerStatus, Pod } from '../../src/kube/types.ts';
import type { Sight } from './recorder.ts';

/** What one part of a status was, one after the other, and how long. */
export interface Stay {
  readonly state: string;
  /** Milliseconds; Infinity for the last. */
  readonly ms: number;
}

/** By part: `phase`, `condition Ready`, `container main`. */
export type Tracks = ReadonlyMap<string, readonly Stay[]>;

/** Nobody promises to show a state that is over this soon: two changes may come in one write. */
export const momentaryMs = 5_000;

export function tracksOf(sights: readonly Sight[]): Tracks {
  const seen = new Map<string, { readonly state: string; readonly at: number }[]>();
  for (const { pod, at } of sights)
    for (const [part, state] of parts(pod)) {
      const track = seen.get(part) ?? [];
      seen.set(part, track);
      if (track.at(-1)?.state !== state) track.push({ state, at });
    }
  const stays = [...seen].map(([part, track]): [string, Stay[]] => [
    part,
    track.map(({ state, at }, index) => ({ state, ms: (track[index + 1]?.at ?? Infinity) - at })),
  ]);
  return new Map(stays);
}

/**
 * Changes that one track has and the other has not, often though they may come. Those to or from a momentary state
 * need not be on the other side, and a step of one may be several of the other with momentary states between.
 */
export function differentChanges(
  one: readonly Stay[],
  other: readonly Stay[],
): { readonly one: string[]; readonly other: string[] } {
  return { one: unexplained(one, other), other: unexplained(other, one) };
}

function unexplained(track: readonly Stay[], reference: readonly Stay[]): string[] {
  const known = steps(reference);
  const lasting = track.flatMap((stay, index) => {
    const before = track[index - 1];
    const momentary = isMomentary(stay) || (before !== undefined && isMomentary(before));
    return momentary ? [] : [stepOf(before, stay)];
  });
  return [...new Set(lasting)].filter((step) => !known.has(step));
}

/** From each state to the next, and past momentary ones to those behind them. */
function steps(track: readonly Stay[]): Set<string> {
  const found = new Set<string>();
  for (const [index, from] of [undefined, ...track].entries())
    for (const to of track.slice(index)) {
      found.add(stepOf(from, to));
      if (!isMomentary(to)) break;
    }
  return found;
}

function isMomentary({ ms }: Stay): boolean {
  return ms < momentaryMs;
}

function stepOf(from: Stay | undefined, to: Stay): string {
  return from === undefined ? to.state : `${from.state} → ${to.state}`;
}

function parts({ status }: Pod): [string, string][] {
  const containers = [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  return [
    ['phase', status?.phase ?? ''],
    ...(status?.conditions ?? []).map(({ type, status, reason }): [string, string] => [
      `condition ${type}`,
      reason === undefined ? status : `${status} ${reason}`,
    ]),
    ...containers.map((container): [string, string] => [`container ${container.name}`, stateOf(container)]),
  ];
}

function stateOf({ state, ready }: ContainerStatus): string {
  if (state?.running !== undefined) return ready ? 'running, ready' : 'running';
  if (state?.terminated !== undefined)
    return `${state.terminated.reason ?? 'terminated'} ${state.terminated.exitCode}`;
  return state?.waiting?.reason ?? 'nothing';
}
