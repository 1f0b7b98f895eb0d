import {
  type Capabilities,
  type PodFeature,
  type RestraintName,
  restraintOf,
} from '../../../providers/contract/index.ts';
import type { Container, Pod } from '../../kube/types.ts';
import { isProviderRule } from './rule.ts';
import { rules } from './rules.ts';
import { containerField, type FindUses, podField } from './uses.ts';

/** A restraint that a Pod asks for and its provider does not have. */
export interface Unenforced {
  readonly feature: PodFeature;
  /** In the words of the setting `unenforced`. */
  readonly restraint: RestraintName;
  readonly fields: readonly string[];
  readonly why: string;
}

type Context = Pick<
  NonNullable<Container['securityContext']>,
  'appArmorProfile' | 'seccompProfile' | 'seLinuxOptions'
>;

/** One field of the security context of the Pod and of its containers. */
function securityField(field: keyof Context, test: (context: Context) => boolean): FindUses {
  const ofPod = podField(
    `securityContext.${field}`,
    ({ securityContext }) => securityContext !== undefined && test(securityContext),
  );
  const ofContainers = containerField(
    `securityContext.${field}`,
    ({ securityContext }) => securityContext !== undefined && test(securityContext),
  );
  return (pod) => [...ofPod(pod), ...ofContainers(pod)];
}

/**
 * Values that do more than take away: a profile of one's own may also allow what the default one forbids, and a type of
 * SELinux may be one that is confined less.
 */
const giving: Partial<Record<RestraintName, FindUses>> = {
  appArmorProfile: securityField('appArmorProfile', (own) => own.appArmorProfile?.type === 'Localhost'),
  seccompProfile: securityField('seccompProfile', (own) => own.seccompProfile?.type === 'Localhost'),
  seLinuxOptions: securityField('seLinuxOptions', ({ seLinuxOptions: { user, role, type } = {} }) =>
    [user, role, type].some(Boolean),
  ),
};

/** The restraint that these fields of a Pod ask for, and nothing else; undefined = they ask for something else too. */
export function restraintIn(
  pod: Pod,
  feature: PodFeature,
  fields: readonly string[],
): RestraintName | undefined {
  const name = restraintOf(feature);
  if (name === undefined) return undefined;
  const more = giving[name]?.(pod) ?? [];
  return fields.some((field) => more.includes(field)) ? undefined : name;
}

/** What the provider does not enforce of a Pod that it runs all the same: somebody has consented to it. */
export function unenforcedUses(pod: Pod, { features }: Capabilities): Unenforced[] {
  return rules.filter(isProviderRule).flatMap((rule) => {
    const support = features[rule.feature];
    if (support.support !== 'refused' || restraintOf(rule.feature) === undefined) return [];
    const fields = rule.find(pod);
    const restraint = restraintIn(pod, rule.feature, fields);
    return fields.length === 0 || restraint === undefined
      ? []
      : [{ feature: rule.feature, restraint, fields, why: support.why }];
  });
}
