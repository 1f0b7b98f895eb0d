import type { ContainerSpec, InstanceSpec, Ownership } from '../../providers/contract/index.ts';
import type { Container, Pod } from '../../src/kube/types.ts';
import type { SpecSource } from '../../src/pods/pod-reconciler.ts';

/** Pods of these tests refer to nothing: their specs are made on the spot. */
export function plainSpecs(): SpecSource {
  return {
    resolve: async (pod, owner) => ({ kind: 'spec', spec: plainSpec(pod, owner) }),
    forget() {},
    run: async () => undefined,
  };
}

function plainSpec({ metadata, spec }: Pod, owner: Ownership): InstanceSpec {
  return {
    owner,
    hostname: owner.name,
    restartPolicy: policyOf(spec?.restartPolicy) ?? 'Always',
    terminationGracePeriodSeconds: spec?.terminationGracePeriodSeconds ?? 30,
    initContainers: (spec?.initContainers ?? []).map(containerSpec),
    containers: (spec?.containers ?? []).map(containerSpec),
    volumes: [],
    dns: { nameservers: [], searches: [], options: [] },
    hostAliases: [],
    registryCredentials: [],
    securityContext: {},
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
  };
}

function containerSpec({ name, image = '', restartPolicy }: Container): ContainerSpec {
  const policy = policyOf(restartPolicy);
  return {
    name,
    image,
    imagePullPolicy: 'IfNotPresent',
    env: [],
    ports: [],
    requests: {},
    limits: {},
    mounts: [],
    securityContext: {},
    stdin: false,
    stdinOnce: false,
    tty: false,
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    ...(policy === undefined ? {} : { restartPolicy: policy }),
  };
}

function policyOf(value: string | undefined): InstanceSpec['restartPolicy'] | undefined {
  return value === 'Always' || value === 'OnFailure' || value === 'Never' ? value : undefined;
}
