import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { createEventRecorder } from '../../src/kube/events.ts';
import { configMaps, pods, secrets } from '../../src/kube/resources.ts';
import { deregister } from '../../src/node/deregister.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { systemClock } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { serviceAccounts } from '../../test/e2e/support/resources.ts';
import { eventually } from '../../test/support/eventually.ts';
import { openStage, type Stage } from '../../test/support/stage.ts';

interface Role {
  readonly kind: string;
  readonly rules?: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

/** `patch nodes/status` for each right that the example grants. */
const granted = new Set(
  parseAllDocuments(readFileSync('manifests/deploy/rbac.yaml', 'utf8'))
    .map((document): Role => document.toJS())
    .flatMap(({ rules = [] }) =>
      rules.flatMap(({ resources, verbs }) =>
        resources.flatMap((one) => verbs.map((verb) => `${verb} ${one}`)),
      ),
    ),
);

let stage: Stage;

beforeAll(async () => {
  stage = await openStage();
});
afterAll(() => stage.close());

it('manifests/deploy/rbac.yaml grants what a daemon asks for in the life of a node', async () => {
  const { api } = stage;
  const { admin } = stage;
  const metadata = (name: string) => ({ name, namespace: 'default' });
  await admin.create(configMaps, { metadata: metadata('config'), data: { A: '1' } });
  await admin.create(secrets, { metadata: metadata('secret'), data: {} });
  await admin.create(serviceAccounts, { metadata: metadata('account') });
  const ending = new AbortController();
  const deps = { clock: systemClock, random: Math.random, log: silentLog, client: api.client };
  const events = createEventRecorder({ ...deps, component: 'test', host: 'test' });
  const scheduler = new Scheduler({
    ...deps,
    events,
    mine: () => true,
    nodeSelector: 'type=virtual-kubelet',
  });
  const scheduling = scheduler.run(ending.signal);
  const node = await stage.startNode();
  await node.registered;
  const envFrom = [{ configMapRef: { name: 'config' } }, { secretRef: { name: 'secret' } }];
  const sources = [{ serviceAccountToken: { path: 'token' } }];
  const tolerations = [{ operator: 'Exists' }];
  await admin.create(pods, {
    metadata: metadata('web'),
    spec: {
      ...{ serviceAccountName: 'account', automountServiceAccountToken: false, tolerations },
      volumes: [{ name: 'token', projected: { sources } }],
      containers: [{ name: 'main', image: 'example.com/app:1', envFrom }],
    },
  });
  await stage.reaches('web', 'Running');
  await stage.pod('refused', { spec: { hostNetwork: true } });
  await stage.reaches('refused', 'Failed');
  await eventually(() => api.calls.includes('create events'));
  const { letGo } = node;
  await deregister({ ...deps, nodeName: 'burst-0', timeoutMs: 20_000, letGo }, AbortSignal.timeout(20_000));
  ending.abort();
  await Promise.all([scheduling, node.stop()]);
  const asked = [...new Set(api.calls)];
  expect(asked.filter((call) => !granted.has(call))).toEqual([]);
  expect(asked).toEqual(
    expect.arrayContaining([
      'create pods/binding',
      'create serviceaccounts/token',
      'delete nodes',
      'delete leases',
    ]),
  );
});
