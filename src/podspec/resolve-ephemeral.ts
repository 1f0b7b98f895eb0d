import type { ContainerSpec } from '../../providers/contract/index.ts';
import type { Pod } from '../kube/types.ts';
import { resolveContainer } from './container.ts';
import { Issues, type Problem } from './issues.ts';
import { placed } from './placed-container.ts';
import type { References, ResolveContext } from './references.ts';
import { readOnlyVolumes } from './volumes.ts';

export type ContainerResolution = { readonly kind: 'container'; readonly spec: ContainerSpec } | Problem;

/**
 * The ephemeral containers of these names, each for itself: what one of them lacks is no matter of the others, nor of the
 * Pod, which runs already. It mounts the volumes that the Pod has.
 */
export function resolveEphemeral(
  pod: Pod,
  names: readonly string[],
  refs: References,
  context: ResolveContext,
): ReadonlyMap<string, ContainerResolution> {
  const readOnly = readOnlyVolumes(pod);
  const wanted = placed('ephemeralContainers', pod).filter(({ container }) => names.includes(container.name));
  return new Map(
    wanted.map((one) => {
      const issues = new Issues();
      const spec = resolveContainer(one, readOnly, { pod, refs, context, issues });
      return [one.container.name, issues.problem ?? { kind: 'container', spec }];
    }),
  );
}
