import type { Capabilities } from '../../providers/contract/index.ts';
import type { Annotations } from '../capacity/purchase-notes.ts';
import type { Pod } from '../kube/types.ts';
import { type Unenforced, unenforcedUses } from './admission/unenforced.ts';
import type { PodEvents } from './pod-reconciler.ts';
import type { PodRecord } from './pod-record.ts';

/** The annotation that says which restraints of the Pod this node does not enforce, and on which containers. */
export const notEnforcedNote = 'burstlet.dev/not-enforced';

export interface NotEnforcedDeps {
  readonly capabilities: Capabilities;
  readonly events: PodEvents;
}

/** Of a Pod that was just admitted. */
export function noteAdmitted(deps: NotEnforcedDeps, pod: Pod, record: PodRecord): void {
  const uses = unenforcedUses(pod, deps.capabilities);
  // What stands there without being so was copied from another Pod.
  record.notEnforced = uses.length === 0 ? null : annotationText(pod, uses);
  const told = pod.metadata?.annotations?.[notEnforcedNote] === record.notEnforced;
  if (uses.length > 0 && !told) tellNotEnforced(deps.events, pod, uses);
}

/** Of a Pod whose instance was there before this process: it said so already, unless its process died before. */
export function noteAdopted(deps: NotEnforcedDeps, pod: Pod, record: PodRecord): void {
  if (pod.metadata?.annotations?.[notEnforcedNote] === undefined) noteAdmitted(deps, pod, record);
}

/** What the Pod shall say of it. */
export function notEnforcedNotes({ notEnforced }: Readonly<PodRecord>): Annotations {
  return notEnforced === undefined ? {} : { [notEnforcedNote]: notEnforced };
}

/** With `container`: of that one alone, which came later. */
export function tellNotEnforced(
  events: PodEvents,
  pod: Pod,
  uses: readonly Unenforced[],
  container?: string,
): void {
  const parts = [...grouped(pod, uses, ({ restraint, why }) => `${restraint}\n${why}`)].map(
    ([key, whose]) => {
      const [restraint, why] = key.split('\n');
      return `${restraint} (${whose.join(', ')}): ${why}`;
    },
  );
  const message = `Not enforced, as the operator of this node has consented to: ${parts.join('; ')}`;
  events(pod, 'Warning', 'NotEnforced', message, container);
}

/** `capabilities.drop (app, proxy), seccompProfile (Pod)` */
function annotationText(pod: Pod, uses: readonly Unenforced[]): string {
  return [...grouped(pod, uses, ({ restraint }) => restraint)]
    .map(([restraint, whose]) => `${restraint} (${whose.join(', ')})`)
    .join(', ');
}

/** The containers that ask for each, by name; `Pod` where it is the Pod. */
function grouped(
  pod: Pod,
  uses: readonly Unenforced[],
  keyOf: (use: Unenforced) => string,
): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const use of uses) {
    const known = groups.get(keyOf(use)) ?? [];
    const whose = use.fields.map((field) => whoseField(pod, field));
    groups.set(keyOf(use), [...new Set([...known, ...whose])]);
  }
  return groups;
}

/** No container has a capital in its name. */
function whoseField({ spec }: Pod, field: string): string {
  const [, list, index] = /^spec\.(containers|initContainers|ephemeralContainers)\[(\d+)\]/.exec(field) ?? [];
  if (list !== 'containers' && list !== 'initContainers' && list !== 'ephemeralContainers') return 'Pod';
  return spec?.[list]?.[Number(index)]?.name ?? field;
}
