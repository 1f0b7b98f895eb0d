import type { Capabilities, Capacity, RestraintName } from '../../../providers/contract/index.ts';
import type { Node, Pod } from '../../kube/types.ts';
import { podAmounts } from '../../podspec/amounts.ts';
import { Tally } from '../../podspec/tally.ts';
import type { Verdict } from '../status/pod-status.ts';
import type { Sold } from './offered.ts';
import { ephemeralRefusal, verdict } from './verdict.ts';

export interface NodeAdmissionDeps {
  readonly capabilities: Capabilities;
  /** What Pods run without where the provider refuses it, by consent of the operator. */
  readonly unenforced?: readonly RestraintName[];
  /** The node as the API server has it; undefined before it is registered. */
  readonly node: () => Node | undefined;
  readonly capacity: () => Capacity;
  /** What the provider sells now; undefined = instances are not bought. */
  readonly sold?: () => Sold | undefined;
}

/**
 * The verdict for the Pods of one node: which of them take room is the memory that the verdict itself has not. A Pod
 * counts from the moment it is admitted until its phase is terminal; one that is bound but was not looked at yet does
 * not, or the Pods of a burst would refuse each other.
 */
export class NodeAdmission {
  readonly #deps: NodeAdmissionDeps;
  readonly #taken = new Tally();

  constructor(deps: NodeAdmissionDeps) {
    this.#deps = deps;
  }

  /** Why the node does not take the Pod; undefined when it does, and the Pod has its room. */
  refusal(pod: Pod): Verdict | undefined {
    const { capabilities, unenforced, node: known, capacity } = this.#deps;
    const uid = pod.metadata?.uid ?? '';
    const node = known();
    // Its own room is not in its way.
    this.#taken.free(uid);
    const sold = this.#deps.sold?.();
    const outcome = verdict(withoutEphemeral(pod), {
      capabilities,
      ...(unenforced && { unenforced }),
      ...(node === undefined ? {} : { node }),
      room: { capacity: capacity(), used: this.#taken.used },
      ...(sold === undefined ? {} : { sold }),
    });
    if (!outcome.admitted) return { reason: outcome.reason, message: outcome.message };
    this.#taken.take(uid, podAmounts(pod));
    return undefined;
  }

  /** As {@link refusal}, of a container that is added to a Pod that runs. */
  ephemeralRefusal(pod: Pod, name: string): Verdict | undefined {
    return ephemeralRefusal(pod, name, this.#deps);
  }

  /** Tells of every change of a Pod on this node, in order. */
  note(pod: Pod, deleted: boolean): void {
    const uid = pod.metadata?.uid ?? '';
    if (deleted || isOver(pod)) this.#taken.free(uid);
    else if (this.#taken.has(uid) || hasRun(pod)) this.#taken.take(uid, podAmounts(pod));
  }
}

/** They come and are judged when the Pod runs already, one by one. */
function withoutEphemeral(pod: Pod): Pod {
  if (pod.spec?.ephemeralContainers === undefined) return pod;
  const { ephemeralContainers: _later, ...spec } = pod.spec;
  return { ...pod, spec };
}

function isOver({ status }: Pod): boolean {
  return status?.phase === 'Succeeded' || status?.phase === 'Failed';
}

/** Admitted by an earlier life of this daemon: its status names a container that was started. */
function hasRun({ status }: Pod): boolean {
  return [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])].some((container) =>
    Boolean(container.containerID),
  );
}
