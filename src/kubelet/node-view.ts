import type { Instance } from '../../providers/contract/index.ts';
import type { Pod } from '../kube/types.ts';

/** What the node's API may know of the Pods: read-only, as of now, statuses as last written. */
export interface NodeView {
  /** All Pods bound to this node. */
  pods(): readonly Pod[];
  /** One of them, and the instance that runs (or ran) it. */
  pod(
    namespace: string,
    name: string,
  ): { readonly pod: Pod; readonly instance: Instance | undefined } | undefined;
  /** All instances that the provider lists for this node, with a Pod or without. */
  instances(): readonly Instance[];
  /** undefined = healthy; otherwise what is wrong. */
  trouble(): string | undefined;
}
