import type { PodFeature } from './features.ts';

/** A field of a Pod that takes rights away from its programs and gives them nothing. */
interface Restraint {
  /** What asks for it, of the Pod and of its containers. */
  readonly features: readonly PodFeature[];
  /** What it takes away; a program that wants no such thing runs the same without the field. */
  readonly takes: string;
}

/**
 * The restraints, by the name that the setting `unenforced` of a node has for them. Where a provider refuses one of
 * these features, the operator of a node may consent to run Pods without it. The list is closed: what gives a program
 * something, or changes what it finds, can never be left out, or the Pod would not be what it asks to be. So there is
 * no fsGroup in it (files belong to it), no procMount (its only other value shows more), and no volume.
 */
export const restraints = {
  allowPrivilegeEscalation: {
    features: ['container.securityContext.allowPrivilegeEscalation=false'],
    takes: 'more rights than its parent has, as set-user-ID programs give',
  },
  appArmorProfile: {
    features: ['spec.securityContext.appArmorProfile', 'container.securityContext.appArmorProfile'],
    takes: 'what the default profile of AppArmor forbids',
  },
  'capabilities.drop': {
    features: ['container.securityContext.capabilities.drop'],
    takes: 'capabilities of the default set of the runtime',
  },
  hostUsers: {
    features: ['spec.hostUsers=false'],
    takes: 'users of the host: those of the Pod are others there',
  },
  readOnlyRootFilesystem: {
    features: ['container.securityContext.readOnlyRootFilesystem'],
    takes: 'writing into the image',
  },
  runAsNonRoot: {
    features: [
      'spec.securityContext.runAsNonRoot',
      'container.securityContext.runAsNonRoot',
      'container.securityContext.runAsNonRoot.imageUser',
    ],
    takes: 'a start as root',
  },
  seLinuxOptions: {
    features: ['spec.securityContext.seLinuxOptions', 'container.securityContext.seLinuxOptions'],
    takes: 'what has another level of SELinux',
  },
  seccompProfile: {
    features: ['spec.securityContext.seccompProfile', 'container.securityContext.seccompProfile'],
    takes: 'system calls that the default profile of the runtime forbids',
  },
  supplementalGroupsPolicy: {
    features: ['spec.securityContext.supplementalGroupsPolicy=Strict'],
    takes: 'the groups that the image gives to its user',
  },
} as const satisfies Readonly<Record<string, Restraint>>;

export type RestraintName = keyof typeof restraints;

export function isRestraint(name: string): name is RestraintName {
  return Object.hasOwn(restraints, name);
}

export const restraintNames: readonly RestraintName[] = Object.keys(restraints).filter(isRestraint);

/** The restraint that a feature asks for; undefined = it is none. */
export function restraintOf(feature: PodFeature): RestraintName | undefined {
  return restraintNames.find((name) => restraints[name].features.some((one) => one === feature));
}
