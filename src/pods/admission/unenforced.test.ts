import { describe, expect, test } from 'vitest';
import {
  type Capabilities,
  type PodFeature,
  podFeatures,
  type RestraintName,
  refused,
  restraintNames,
  restraintOf,
  restraints,
} from '../../../providers/contract/index.ts';
import type { Pod, PodSpec } from '../../kube/types.ts';
import { examplePod } from './example-pod.ts';
import { examples } from './examples.ts';
import { isProviderRule, subjectOf } from './rule.ts';
import { rules } from './rules.ts';
import { restraintIn } from './unenforced.ts';
import { ephemeralRefusal, ephemeralUnenforced, verdict } from './verdict.ts';

/** Everything as on a node, except these. */
function without(...features: readonly PodFeature[]): Capabilities {
  const no = refused('it cannot', 'do without');
  const decided = podFeatures.map((name) => [name, features.includes(name) ? no : { support: 'honoured' }]);
  return {
    features: Object.fromEntries(decided),
    ...{ os: ['linux'], arch: ['amd64'], needsCommand: false, retainsStopped: true },
  };
}

/** Nothing at all. */
const nothing = without(...podFeatures);
const all: readonly RestraintName[] = restraintNames;

function podOf(spec: Partial<PodSpec>): Pod {
  return { spec: { containers: [{ name: 'app', image: 'app' }], ...spec } };
}

const securityRules = rules.filter(isProviderRule).map((rule) => [rule.feature, rule] as const);

describe('only what takes rights away can be consented to', () => {
  test('every restraint is a feature of the catalogue, under one name', () => {
    const named = restraintNames.flatMap((name) => [...restraints[name].features]);
    expect(named.filter((feature) => !podFeatures.includes(feature))).toEqual([]);
    expect(new Set(named).size).toBe(named.length);
  });

  test.each([
    'container.securityContext.privileged',
    'container.securityContext.capabilities.add',
    'container.securityContext.procMount',
    'container.securityContext.runAsUser',
    'spec.securityContext.fsGroup',
    'spec.securityContext.supplementalGroups',
    'spec.securityContext.sysctls',
    'spec.hostNetwork',
    'container.ports.hostPort',
    'spec.volumes.hostPath',
    'container.resources.limits.memory',
  ] as const)('%s never is', (feature) => {
    expect(restraintOf(feature)).toBeUndefined();
  });

  test.each(securityRules)(
    '%s is refused with every consent, or is a restraint and runs',
    (feature, rule) => {
      const [example = {}] = examples[subjectOf(rule)]?.asks ?? [];
      const pod = examplePod(example);
      const outcome = verdict(pod, { capabilities: without(feature), unenforced: all });
      expect(outcome.admitted).toBe(restraintOf(feature) !== undefined);
      if (!outcome.admitted) return expect(outcome.message).not.toContain('unenforced');
      expect(outcome.unenforced).toEqual([
        { feature, restraint: restraintOf(feature), fields: rule.find(pod), why: 'it cannot' },
      ]);
      expect(verdict(pod, { capabilities: without() })).toMatchObject({ admitted: true, unenforced: [] });
    },
  );

  test.each<[RestraintName, Partial<PodSpec>]>([
    ['seccompProfile', { securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'p' } } }],
    [
      'appArmorProfile',
      { securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'p' } } },
    ],
    ['seLinuxOptions', { securityContext: { seLinuxOptions: { level: 's0:c1', type: 'spc_t' } } }],
  ])('a %s that may also give something is not left out', (name, spec) => {
    const outcome = verdict(podOf(spec), { capabilities: nothing, unenforced: all });
    expect(outcome).toMatchObject({
      admitted: false,
      findings: expect.arrayContaining([
        expect.objectContaining({ fields: [`spec.securityContext.${name}`] }),
      ]),
    });
    expect(outcome.admitted ? '' : outcome.message).not.toContain(`[${name}`);
    const [first = 'spec.hostUsers=false'] = restraints[name].features;
    expect(restraintIn(podOf(spec), first, [`spec.securityContext.${name}`])).toBeUndefined();
  });
});

const restricted = podOf({
  securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
  containers: [
    {
      name: 'app',
      image: 'app',
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
    },
    { name: 'proxy', image: 'proxy', securityContext: { seccompProfile: { type: 'RuntimeDefault' } } },
  ],
});
const cannot = without(
  'spec.securityContext.seccompProfile',
  'container.securityContext.seccompProfile',
  'container.securityContext.allowPrivilegeEscalation=false',
  'container.securityContext.capabilities.drop',
);

describe('a Pod of the restricted level', () => {
  test('is refused without the consent, and the text says which one would do', () => {
    const outcome = verdict(restricted, { capabilities: cannot });
    expect(outcome).toMatchObject({ admitted: false, reason: 'SeccompNotSupported' });
    expect(outcome.admitted ? '' : outcome.message).toBe(
      'Pod was rejected: spec.securityContext.seccompProfile, spec.containers[1].securityContext.seccompProfile: it cannot; instead: do without. ' +
        'spec.containers[0].securityContext.allowPrivilegeEscalation: it cannot; instead: do without. ' +
        'spec.containers[0].securityContext.capabilities.drop: it cannot; instead: do without. ' +
        'The operator of the node may consent to do without: unenforced: [seccompProfile, allowPrivilegeEscalation, capabilities.drop] in burstlet.yaml',
    );
  });

  test('half a consent is none, and asks for the other half', () => {
    const outcome = verdict(restricted, { capabilities: cannot, unenforced: ['seccompProfile'] });
    expect(outcome.admitted ? '' : outcome.message).toContain(
      'unenforced: [allowPrivilegeEscalation, capabilities.drop]',
    );
  });

  test('is admitted with it, and what is honoured is none of its business', () => {
    const outcome = verdict(restricted, { capabilities: cannot, unenforced: all });
    expect(
      outcome.admitted && outcome.unenforced.map(({ restraint, fields }) => [restraint, ...fields]),
    ).toEqual([
      ['seccompProfile', 'spec.securityContext.seccompProfile'],
      ['allowPrivilegeEscalation', 'spec.containers[0].securityContext.allowPrivilegeEscalation'],
      ['capabilities.drop', 'spec.containers[0].securityContext.capabilities.drop'],
      ['seccompProfile', 'spec.containers[1].securityContext.seccompProfile'],
    ]);
  });
});

test('runAsNonRoot without runAsUser is asked for of each container whose user the image names', () => {
  const capabilities = without('container.securityContext.runAsNonRoot.imageUser');
  const pod = podOf({
    securityContext: { runAsNonRoot: true },
    containers: [
      { name: 'app', image: 'app' },
      { name: 'proxy', image: 'proxy', securityContext: { runAsUser: 7 } },
      { name: 'root', image: 'root', securityContext: { runAsNonRoot: false } },
    ],
  });
  const outcome = verdict(pod, { capabilities });
  expect(outcome.admitted ? [] : outcome.findings).toMatchObject([
    { reason: 'RunAsNonRootNotSupported', fields: ['spec.containers[0].securityContext.runAsNonRoot'] },
  ]);
});

test('an ephemeral container is under the same consent, and named by its own place', () => {
  const securityContext = { allowPrivilegeEscalation: false };
  const pod = podOf({
    securityContext: { runAsNonRoot: true },
    ephemeralContainers: [
      { name: 'one', image: 'tools' },
      { name: 'two', image: 'tools', securityContext },
    ],
  });
  const capabilities = without(
    'container.securityContext.allowPrivilegeEscalation=false',
    'container.securityContext.runAsNonRoot.imageUser',
  );
  expect(ephemeralRefusal(pod, 'two', { capabilities })?.message).toContain(
    'spec.ephemeralContainers[1].securityContext.allowPrivilegeEscalation',
  );
  expect(ephemeralRefusal(pod, 'two', { capabilities, unenforced: all })).toBeUndefined();
  expect(ephemeralUnenforced(pod, 'two', capabilities).flatMap(({ fields }) => fields)).toEqual([
    'spec.ephemeralContainers[1].securityContext.runAsNonRoot',
    'spec.ephemeralContainers[1].securityContext.allowPrivilegeEscalation',
  ]);
});
