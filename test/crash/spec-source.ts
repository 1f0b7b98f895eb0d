import { plainContainer, plainSpec } from '../../providers/contract/conformance/plain-spec.ts';
import type { ContainerSpec, InstanceSpec, Ownership } from '../../providers/contract/index.ts';
import type { Container, Pod } from '../../src/kube/types.ts';
import type { SpecSource } from '../../src/pods/specs/spec-source.ts';

/** Pods of these tests refer to nothing: their specs are made on the spot. */
export function plainSpecs(): SpecSource {
  return {
    resolve: async (pod, owner) => ({
      kind: 'spec',
      spec: specOf(pod, owner),
      changing: [],
      staleAt: Infinity,
    }),
    ephemeral: async () => new Map(),
    volumes: async () => ({ volumes: [], changing: [], staleAt: Infinity }),
    forget() {},
    run: async () => undefined,
  };
}

function specOf({ metadata, spec }: Pod, owner: Ownership): InstanceSpec {
  return plainSpec(owner, (spec?.containers ?? []).map(containerSpec), {
    restartPolicy: policyOf(spec?.restartPolicy) ?? 'Always',
    terminationGracePeriodSeconds: spec?.terminationGracePeriodSeconds ?? 30,
    initContainers: (spec?.initContainers ?? []).map(containerSpec),
    labels: metadata?.labels ?? {},
    annotations: metadata?.annotations ?? {},
  });
}

/** Variables whose names begin so stand for values of Secrets. */
const secretPrefix = 'SECRET_';

function containerSpec({ name, image = '', restartPolicy, env = [] }: Container): ContainerSpec {
  const policy = policyOf(restartPolicy);
  return plainContainer(name, image, {
    env: env.map(({ name: variable, value = '' }) => ({
      name: variable,
      value,
      secret: variable.startsWith(secretPrefix),
    })),
    ...(policy !== undefined && { restartPolicy: policy }),
  });
}

function policyOf(value: string | undefined): InstanceSpec['restartPolicy'] | undefined {
  return value === 'Always' || value === 'OnFailure' || value === 'Never' ? value : undefined;
}
