import { expect, test } from 'vitest';
import type { SecretExposure } from '../../../providers/contract/capabilities.ts';
import { secretWays } from '../../../providers/contract/capabilities.ts';
import { mockCapabilities } from '../../../providers/mock/capabilities.ts';
import { processCapabilities } from '../../../providers/process/capabilities.ts';
import { parseManifests } from '../manifests/parse-manifests.ts';
import { type CheckOutcome, checkPods } from './check-pods.ts';
import { jsonReport, textReport } from './report.ts';

const spec = (extra: string): string => `automountServiceAccountToken: false
      containers:
        - name: c
          image: burstlet.dev/host
          command: [x]
          resources: { requests: { cpu: 50m, memory: 64Mi } }
${extra}`;
const text = `apiVersion: apps/v1
kind: Deployment
metadata: { name: web, namespace: shop }
spec:
  replicas: 3
  template:
    spec:
      ${spec('')}
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: admin }
spec:
  template:
    spec:
      ${spec('          securityContext: { privileged: true }')}
---
apiVersion: v1
kind: Service
metadata: { name: web }
`;

function outcome(): CheckOutcome {
  return checkPods(parseManifests(text, 'a.yaml').manifests, { capabilities: processCapabilities }, () => []);
}

test('for people: each with place, size and outcome, refusals with the lines that cause them', () => {
  expect(textReport(outcome(), 'process', false)).toBe(
    `a.yaml:1   Deployment shop/web  ok       3 Pods, each cpu 50m, memory 64Mi
a.yaml:16  Deployment admin     refused  cpu 50m, memory 64Mi
    PrivilegedNotSupported: Pod was rejected: spec.containers[0].securityContext.privileged: a host process is not confined: it has the rights of the daemon; instead: remove privileged, or use a provider that runs containers
    a.yaml:28: spec.containers[0].securityContext.privileged

2 kinds of Pods for the provider process: 1 ok, 1 refused; 1 other object.
Some fields have their effect by other means in 1 of them; --verbose tells.`,
  );
});

test('what runs without a restraint that it asks for is told without being asked', () => {
  const { manifests } = parseManifests(
    text.replace('privileged: true', 'allowPrivilegeEscalation: false'),
    'a.yaml',
  );
  const node = { capabilities: processCapabilities, unenforced: ['allowPrivilegeEscalation'] as const };
  const lax = checkPods(manifests, node, () => []);
  const report = textReport(lax, 'process', false);
  expect(report).toContain(`a.yaml:16  Deployment admin     ok  cpu 50m, memory 64Mi
    not enforced: a.yaml:28: spec.containers[0].securityContext.allowPrivilegeEscalation: a host process is not confined: it has the rights of the daemon
`);
  expect(report).toContain('2 ok, 0 refused; 1 other object.\n1 of them would run without restraints');
  expect(JSON.parse(jsonReport(lax, 'process')).pods).toMatchObject([
    { admitted: true, notEnforced: [] },
    { admitted: true, notEnforced: [{ restraint: 'allowPrivilegeEscalation', lines: [28] }] },
  ]);
});

test('where others can read the values of Secrets, that is told of each Pod that uses one', () => {
  const secrets = `apiVersion: v1
kind: Pod
metadata: { name: a }
spec:
  automountServiceAccountToken: false
  imagePullSecrets: [{ name: pull }]
  initContainers:
    - { name: i, image: x, envFrom: [{ secretRef: { name: s } }, { configMapRef: { name: c } }] }
  containers:
    - name: c
      image: x
      env:
        - { name: A, value: plain }
        - { name: B, valueFrom: { secretKeyRef: { name: s, key: k } } }
      args: [-a, $(A), -b=$(B)]
  volumes:
    - { name: v, secret: { secretName: s } }
    - { name: w, projected: { sources: [{ configMap: { name: c } }, { secret: { name: s } }] } }
---
apiVersion: v1
kind: Pod
metadata: { name: plain }
spec: { automountServiceAccountToken: false, containers: [{ name: c, image: x }] }
`;
  const { manifests } = parseManifests(secrets, 'a.yaml');
  const text = 'everybody reads them: hide them';
  const check = (exposesSecrets?: SecretExposure) =>
    checkPods(
      manifests,
      { capabilities: { ...mockCapabilities, ...(exposesSecrets !== undefined && { exposesSecrets }) } },
      () => [],
    );
  const shown = check({ ways: secretWays, text });
  expect(textReport(shown, 'mock', false)).toContain(`
    warning: everybody reads them: hide them
    a.yaml:8: spec.initContainers[0].envFrom[0].secretRef
    a.yaml:14: spec.containers[0].env[1].valueFrom.secretKeyRef
    a.yaml:15: spec.containers[0].args[2]
    a.yaml:17: spec.volumes[0].secret
    a.yaml:18: spec.volumes[1].projected.sources[1].secret
a.yaml:20`);
  expect(JSON.parse(jsonReport(shown, 'mock')).pods).toMatchObject([
    { warnings: [{ text, lines: [8, 14, 15, 17, 18] }] },
    { warnings: [] },
  ]);
  expect(JSON.parse(jsonReport(check({ ways: ['initEnv', 'arguments'], text }), 'mock')).pods).toMatchObject([
    { warnings: [{ text, lines: [8, 15] }] },
    { warnings: [] },
  ]);
  expect(textReport(check(), 'mock', true)).not.toContain('warning');
});

test('with --verbose the notes and the other objects too', () => {
  const report = textReport(outcome(), 'process', true);
  expect(report).toContain('    note: spec.containers[0].resources.requests: counted when Pods are placed');
  expect(report).toContain('a.yaml:30  Service web makes no Pods');
  expect(report).not.toContain('--verbose');
});

test('without any Pod that is said', () => {
  expect(textReport({ pods: [], others: outcome().others }, 'mock', false)).toBe(
    'No Pods to judge; 1 other object.',
  );
});

test('for programs', () => {
  const report = JSON.parse(jsonReport(outcome(), 'process'));
  expect(report).toMatchObject({
    provider: 'process',
    refused: 1,
    pods: [
      {
        file: 'a.yaml',
        line: 1,
        kind: 'Deployment',
        namespace: 'shop',
        name: 'web',
        copies: 3,
        admitted: true,
      },
      {
        name: 'admin',
        requests: { cpu: '50m', memory: '64Mi' },
        admitted: false,
        reason: 'PrivilegedNotSupported',
        message: expect.stringContaining('Pod was rejected: spec.containers[0].securityContext.privileged: '),
        findings: [
          {
            fields: ['spec.containers[0].securityContext.privileged'],
            lines: [28],
            instead: 'remove privileged, or use a provider that runs containers',
          },
        ],
      },
    ],
    others: [{ kind: 'Service', name: 'web', line: 30 }],
  });
  expect(report.pods[0].emulated).toContainEqual(
    expect.objectContaining({ feature: 'container.image', fields: ['spec.containers[0].image'] }),
  );
});
