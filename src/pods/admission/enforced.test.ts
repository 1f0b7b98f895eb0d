import { expect, test } from 'vitest';
import { plainContainer, plainSpec } from '../../../providers/contract/conformance/plain-spec.ts';
import type { ContainerSecurity, PodFeature } from '../../../providers/contract/index.ts';
import { podFeatures, refused, restraintNames, restraints } from '../../../providers/contract/index.ts';
import { mockCapabilities } from '../../../providers/mock/capabilities.ts';
import { enforcedContainer, enforcedSpec } from './enforced.ts';

const everything: ContainerSecurity = {
  runAsUser: 7,
  runAsGroup: 7,
  runAsNonRoot: true,
  readOnlyRootFilesystem: true,
  allowPrivilegeEscalation: false,
  capabilities: { add: ['SYS_PTRACE'], drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
  appArmorProfile: { type: 'RuntimeDefault' },
  seLinuxOptions: { level: 's0' },
};

function left(own: ContainerSecurity, ...refusing: readonly PodFeature[]): ContainerSecurity {
  const no = refused('it cannot', 'do without');
  const features = podFeatures.map((name) => [name, refusing.includes(name) ? no : { support: 'honoured' }]);
  const capabilities = { ...mockCapabilities, features: Object.fromEntries(features) };
  return enforcedContainer(plainContainer('c', 'i', { securityContext: own }), capabilities).securityContext;
}

test('what the provider honours stays', () => {
  expect(left(everything)).toEqual(everything);
});

test('of what it refuses nothing reaches it', () => {
  const features = restraintNames.flatMap((name) => [...restraints[name].features]);
  expect(left(everything, ...features)).toEqual({
    ...{ runAsUser: 7, runAsGroup: 7, runAsNonRoot: false },
    capabilities: { add: ['SYS_PTRACE'], drop: [] },
  });
});

test('a user that only the image names is not asked about, one that is known is', () => {
  const imageUser = 'container.securityContext.runAsNonRoot.imageUser';
  expect(left({ runAsNonRoot: true }, imageUser)).toEqual({ runAsNonRoot: false });
  expect(left({ runAsNonRoot: true, runAsUser: 0 }, imageUser)).toEqual({ runAsNonRoot: true, runAsUser: 0 });
});

test('init containers too', () => {
  const owner = { clusterUid: 'c', node: 'n', namespace: 'default', name: 'p', podUid: 'u', attempt: 0 };
  const container = plainContainer('c', 'i', { securityContext: { allowPrivilegeEscalation: false } });
  const no = refused('it cannot', 'do without');
  const features = {
    ...mockCapabilities.features,
    'container.securityContext.allowPrivilegeEscalation=false': no,
  };
  const spec = enforcedSpec(plainSpec(owner, [container], { initContainers: [container] }), {
    ...mockCapabilities,
    features,
  });
  expect([...spec.containers, ...spec.initContainers].map((one) => one.securityContext)).toEqual([{}, {}]);
});
