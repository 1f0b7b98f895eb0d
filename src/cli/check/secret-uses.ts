import type { Pod } from '../../kube/types.ts';

/** The fields by which values of Secrets come into a Pod. Credentials of registries are no business of its programs. */
export function secretUses({ spec }: Pod): string[] {
  const lists = [
    ['initContainers', spec?.initContainers ?? []],
    ['containers', spec?.containers ?? []],
  ] as const;
  const variables = lists.flatMap(([list, containers]) =>
    containers.flatMap(({ env = [], envFrom = [] }, place) => [
      ...envFrom.flatMap(({ secretRef }, index) =>
        secretRef === undefined ? [] : `spec.${list}[${place}].envFrom[${index}].secretRef`,
      ),
      ...env.flatMap(({ valueFrom }, index) =>
        valueFrom?.secretKeyRef === undefined
          ? []
          : `spec.${list}[${place}].env[${index}].valueFrom.secretKeyRef`,
      ),
    ]),
  );
  const files = (spec?.volumes ?? []).flatMap(({ secret, projected }, place) => [
    ...(secret === undefined ? [] : [`spec.volumes[${place}].secret`]),
    ...(projected?.sources ?? []).flatMap((source, index) =>
      source.secret === undefined ? [] : `spec.volumes[${place}].projected.sources[${index}].secret`,
    ),
  ]);
  return [...variables, ...files];
}
