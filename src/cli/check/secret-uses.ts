import type { SecretWay } from '../../../providers/contract/capabilities.ts';
import type { Container, Pod } from '../../kube/types.ts';

export interface SecretUse {
  readonly way: SecretWay;
  readonly field: string;
}

/** The fields by which values of Secrets come into a Pod. Credentials of registries are no business of its programs. */
export function secretUses({ spec }: Pod): SecretUse[] {
  const containers = [
    ...(spec?.initContainers ?? []).map((container, place) => ({
      ...{ container, way: 'initEnv' as const, field: `spec.initContainers[${place}]` },
    })),
    ...(spec?.containers ?? []).map((container, place) => ({
      ...{ container, way: 'env' as const, field: `spec.containers[${place}]` },
    })),
  ];
  const files = (spec?.volumes ?? []).flatMap(({ secret, projected }, place) => [
    ...(secret === undefined ? [] : [`spec.volumes[${place}].secret`]),
    ...(projected?.sources ?? []).flatMap((source, index) =>
      source.secret === undefined ? [] : `spec.volumes[${place}].projected.sources[${index}].secret`,
    ),
  ]);
  return [
    ...containers.flatMap(({ container, way, field }) =>
      variables(container).map((name) => ({ way, field: `${field}.${name}` })),
    ),
    ...containers.flatMap(({ container, field }) =>
      secretArguments(container).map((name) => ({ way: 'arguments' as const, field: `${field}.${name}` })),
    ),
    ...files.map((field) => ({ way: 'files' as const, field })),
  ];
}

function variables({ env = [], envFrom = [] }: Container): string[] {
  return [
    ...envFrom.flatMap(({ secretRef }, index) =>
      secretRef === undefined ? [] : `envFrom[${index}].secretRef`,
    ),
    ...env.flatMap(({ valueFrom }, index) =>
      valueFrom?.secretKeyRef === undefined ? [] : `env[${index}].valueFrom.secretKeyRef`,
    ),
  ];
}

/** Only those whose variable names its Secret: what a whole Secret brings is not known without the cluster. */
function secretArguments({ env = [], command = [], args = [] }: Container): string[] {
  const names = env.filter(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined).map(({ name }) => name);
  const uses = (text: string): boolean => names.some((name) => text.includes(`$(${name})`));
  return [
    ...command.flatMap((text, index) => (uses(text) ? `command[${index}]` : [])),
    ...args.flatMap((text, index) => (uses(text) ? `args[${index}]` : [])),
  ];
}
