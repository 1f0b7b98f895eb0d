import { expect, test } from 'vitest';
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
  return checkPods(parseManifests(text, 'a.yaml').manifests, processCapabilities, () => []);
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
