import { describe, expect, it } from 'vitest';
import type { StoredObject } from '../store/store.ts';
import { humanDuration, toTable } from './index.ts';

const now = Date.parse('2026-01-02T03:04:05Z');
const ago = (seconds: number): string => `${new Date(now - seconds * 1000).toISOString().slice(0, 19)}Z`;

function stored(kind: string, fields: Record<string, unknown>, metadata: object = {}): StoredObject {
  const identity = {
    name: 'x',
    namespace: 'default',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: ago(300),
  };
  return { apiVersion: 'v1', kind, metadata: { ...identity, ...metadata }, ...fields };
}

/** The row as `kubectl get -o wide` would show it: column name to cell. */
function row(object: StoredObject): Record<string, unknown> {
  const table = toTable(object, [object], { includeObject: 'None', now });
  const cells = table.rows[0]?.cells ?? [];
  return Object.fromEntries((table.columnDefinitions ?? []).map(({ name }, index) => [name, cells[index]]));
}

describe('humanDuration', () => {
  const second = 1000;
  const minute = 60 * second;
  const hour = 60 * minute;
  const day = 24 * hour;
  it.each([
    [-5 * second, '<invalid>'],
    [-900, '0s'],
    [0, '0s'],
    [119 * second, '119s'],
    [2 * minute, '2m'],
    [9 * minute + 59 * second, '9m59s'],
    [10 * minute, '10m'],
    [179 * minute, '179m'],
    [3 * hour, '3h'],
    [7 * hour + 59 * minute, '7h59m'],
    [8 * hour + 59 * minute, '8h'],
    [47 * hour, '47h'],
    [48 * hour, '2d'],
    [7 * day + 23 * hour, '7d23h'],
    [8 * day + 23 * hour, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [731 * day, '2y1d'],
    [8 * 365 * day + 3 * day, '8y'],
  ])('%d ms = %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
});

describe('pods', () => {
  const waiting = (reason: string): object => ({ waiting: { reason } });
  const terminated = (exitCode: number, reason?: string, signal?: number): object => ({
    terminated: { exitCode, ...(reason ? { reason } : {}), ...(signal ? { signal } : {}) },
  });
  const running = { running: { startedAt: ago(100) } };

  function container(name: string, state: object, more: object = {}): object {
    return { name, state, ready: 'running' in state, restartCount: 0, ...more };
  }

  function pod(status: Record<string, unknown>, spec: object = {}, metadata: object = {}): StoredObject {
    const containers = [{ name: 'a' }, { name: 'b' }];
    return stored('Pod', { spec: { containers, ...spec }, status }, metadata);
  }

  function shown(...given: Parameters<typeof pod>): string {
    const { Ready, Status, Restarts } = row(pod(...given));
    return `${Ready} ${Status} ${Restarts}`;
  }

  it('shows every column', () => {
    const object = pod(
      {
        phase: 'Running',
        podIPs: [{ ip: '10.0.0.1' }],
        nominatedNodeName: 'n2',
        conditions: [{ type: 'gate', status: 'True' }],
        containerStatuses: [
          container('a', running),
          container('b', running, {
            restartCount: 3,
            lastState: { terminated: { exitCode: 1, finishedAt: ago(30) } },
          }),
        ],
      },
      { nodeName: 'n1', readinessGates: [{ conditionType: 'gate' }, { conditionType: 'other' }] },
    );
    expect(row(object)).toEqual({
      Name: 'x',
      Ready: '2/2',
      Status: 'Running',
      Restarts: '3 (30s ago)',
      Age: '5m',
      IP: '10.0.0.1',
      Node: 'n1',
      'Nominated Node': 'n2',
      'Readiness Gates': '1/2',
    });
    expect(row(pod({ phase: 'Pending' }))).toMatchObject({
      Ready: '0/2',
      Status: 'Pending',
      Restarts: '0',
      IP: '<none>',
      Node: '<none>',
      'Nominated Node': '<none>',
      'Readiness Gates': '<none>',
    });
  });

  it('takes the status of the first container with something to say', () => {
    const of = (...containerStatuses: object[]): string => shown({ phase: 'Running', containerStatuses });
    expect(
      of(container('a', waiting('CrashLoopBackOff'), { restartCount: 2 }), container('b', running)),
    ).toBe('1/2 CrashLoopBackOff 2');
    expect(of(container('a', terminated(1, 'Error')), container('b', waiting('ImagePullBackOff')))).toBe(
      '0/2 Error 0',
    );
    expect(of(container('a', terminated(137)), container('b', running))).toBe('1/2 ExitCode:137 0');
    expect(of(container('a', terminated(0, undefined, 9)), container('b', running))).toBe('1/2 Signal:9 0');
    expect(of(container('a', terminated(0, 'Completed')), container('b', running))).toBe('1/2 NotReady 0');
  });

  it('says Running for a ready Pod with a completed container', () => {
    const containerStatuses = [container('a', terminated(0, 'Completed')), container('b', running)];
    const conditions = [{ type: 'Ready', status: 'True' }];
    expect(shown({ phase: 'Running', containerStatuses, conditions })).toBe('1/2 Running 0');
  });

  it('says what the Pod itself says', () => {
    expect(shown({ phase: 'Failed', reason: 'Evicted' })).toBe('0/2 Evicted 0');
    expect(
      shown({
        phase: 'Pending',
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
      }),
    ).toBe('0/2 SchedulingGated 0');
    const deleted = { deletionTimestamp: ago(1) };
    expect(shown({ phase: 'Running' }, {}, deleted)).toBe('0/2 Terminating 0');
    expect(shown({ phase: 'Running', reason: 'NodeLost' }, {}, deleted)).toBe('0/2 Unknown 0');
    expect(shown({ phase: 'Succeeded' }, {}, deleted)).toBe('0/2 Succeeded 0');
  });

  it('follows the init containers until they are done', () => {
    const spec = { initContainers: [{ name: 'i' }, { name: 'j' }] };
    const init = (...initContainerStatuses: object[]): string =>
      shown(
        {
          phase: 'Pending',
          initContainerStatuses,
          containerStatuses: [container('a', waiting('PodInitializing'))],
        },
        spec,
      );
    expect(init(container('i', waiting('PodInitializing')))).toBe('0/2 Init:0/2 0');
    expect(
      init(container('i', terminated(0, 'Completed')), container('j', running, { restartCount: 1 })),
    ).toBe('0/2 Init:1/2 1');
    expect(init(container('i', terminated(1, 'Error')))).toBe('0/2 Init:Error 0');
    expect(init(container('i', terminated(2)))).toBe('0/2 Init:ExitCode:2 0');
    expect(init(container('i', terminated(0, undefined, 9)))).toBe('0/2 PodInitializing 0');
    expect(init(container('i', terminated(137, undefined, 9)))).toBe('0/2 Init:Signal:9 0');
    expect(init(container('i', waiting('CrashLoopBackOff'), { restartCount: 4 }))).toBe(
      '0/2 Init:CrashLoopBackOff 4',
    );
    expect(init(container('i', terminated(0)), container('j', terminated(0)))).toBe('0/2 PodInitializing 0');
  });

  it('counts sidecars among the containers', () => {
    const spec = { initContainers: [{ name: 's', restartPolicy: 'Always' }, { name: 'i' }] };
    const sidecar = container('s', running, { started: true, restartCount: 2 });
    const done = container('i', terminated(0), { restartCount: 5 });
    const containerStatuses = [container('a', running), container('b', running, { restartCount: 1 })];
    expect(shown({ phase: 'Running', initContainerStatuses: [sidecar, done], containerStatuses }, spec)).toBe(
      '3/3 Running 3',
    );
    const notStarted = container('s', running, { started: false });
    expect(shown({ phase: 'Pending', initContainerStatuses: [notStarted] }, spec)).toBe('0/3 Init:0/2 0');
  });

  it('marks finished Pods', () => {
    const table = toTable({ kind: 'Pod' }, [pod({ phase: 'Succeeded' }), pod({ phase: 'Running' })], {
      includeObject: 'None',
      now,
    });
    expect(table.rows.map(({ conditions }) => conditions?.[0]?.reason)).toEqual(['Succeeded', undefined]);
  });
});

const template = {
  spec: {
    containers: [
      { name: 'web', image: 'nginx:1' },
      { name: 'log', image: 'l:2' },
    ],
  },
};
const selector = {
  matchLabels: { b: '2', a: '1' },
  matchExpressions: [{ key: 'c', operator: 'In', values: ['y', 'x'] }],
};
const containers = { Containers: 'web,log', Images: 'nginx:1,l:2', Selector: 'a=1,b=2,c in (x,y)' };

describe('every other kind', () => {
  it.each<[StoredObject, Record<string, unknown>]>([
    [
      stored('Deployment', {
        spec: { replicas: 3, template, selector },
        status: { readyReplicas: 1, updatedReplicas: 2 },
      }),
      { Name: 'x', Ready: '1/3', 'Up-to-date': 2, Available: 0, Age: '5m', ...containers },
    ],
    [
      stored('ReplicaSet', { spec: { replicas: 3, template, selector }, status: { replicas: 2 } }),
      { Name: 'x', Desired: 3, Current: 2, Ready: 0, Age: '5m', ...containers },
    ],
    [
      stored('StatefulSet', { spec: { replicas: 3, template }, status: { readyReplicas: 3 } }),
      { Name: 'x', Ready: '3/3', Age: '5m', Containers: 'web,log', Images: 'nginx:1,l:2' },
    ],
    [
      stored('DaemonSet', {
        spec: { template: { spec: { ...template.spec, nodeSelector: { z: '1', a: '2' } } }, selector },
        status: {
          desiredNumberScheduled: 1,
          currentNumberScheduled: 2,
          numberReady: 3,
          updatedNumberScheduled: 4,
          numberAvailable: 5,
        },
      }),
      {
        Name: 'x',
        Desired: 1,
        Current: 2,
        Ready: 3,
        'Up-to-date': 4,
        Available: 5,
        'Node Selector': 'a=2,z=1',
        Age: '5m',
        ...containers,
      },
    ],
    [
      stored('Job', {
        spec: { completions: 3, template, selector },
        status: { succeeded: 1, startTime: ago(90) },
      }),
      { Name: 'x', Status: 'Running', Completions: '1/3', Duration: '90s', Age: '5m', ...containers },
    ],
    [
      stored('Job', {
        spec: { parallelism: 2, template },
        status: {
          succeeded: 1,
          startTime: ago(90),
          completionTime: ago(30),
          conditions: [
            { type: 'SuccessCriteriaMet', status: 'True' },
            { type: 'Complete', status: 'True' },
          ],
        },
      }),
      {
        Name: 'x',
        Status: 'Complete',
        Completions: '1/1 of 2',
        Duration: '60s',
        Age: '5m',
        ...containers,
        Selector: '<none>',
      },
    ],
    [
      stored('CronJob', {
        spec: { schedule: '* * * * *', suspend: false, jobTemplate: { spec: { template, selector } } },
        status: { active: [{}], lastScheduleTime: ago(45) },
      }),
      {
        Name: 'x',
        Schedule: '* * * * *',
        Timezone: '<none>',
        Suspend: 'False',
        Active: 1,
        'Last Schedule': '45s',
        Age: '5m',
        ...containers,
      },
    ],
    [
      stored(
        'ControllerRevision',
        { revision: 4 },
        {
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: '1', controller: true },
          ],
        },
      ),
      { Name: 'x', Controller: 'statefulset.apps/db', Revision: 4, Age: '5m' },
    ],
    [
      stored('PodDisruptionBudget', { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 1 } }),
      { Name: 'x', 'Min Available': '50%', 'Max Unavailable': 'N/A', 'Allowed Disruptions': 1, Age: '5m' },
    ],
    [
      stored('Service', {
        spec: {
          type: 'NodePort',
          clusterIP: '10.0.0.9',
          ports: [
            { port: 80, nodePort: 30080 },
            { port: 53, protocol: 'UDP' },
          ],
          selector: { app: 'web' },
        },
      }),
      {
        Name: 'x',
        Type: 'NodePort',
        'Cluster-IP': '10.0.0.9',
        'External-IP': '<none>',
        'Port(s)': '80:30080/TCP,53/UDP',
        Age: '5m',
        Selector: 'app=web',
      },
    ],
    [
      stored('Service', { spec: { type: 'LoadBalancer', clusterIP: 'None' }, status: { loadBalancer: {} } }),
      {
        Name: 'x',
        Type: 'LoadBalancer',
        'Cluster-IP': 'None',
        'External-IP': '<pending>',
        'Port(s)': '<none>',
        Age: '5m',
        Selector: '<none>',
      },
    ],
    [
      stored('Endpoints', {
        subsets: [
          { addresses: [{ ip: '10.0.0.1' }, { ip: 'fd00::1' }], ports: [{ port: 80 }, { port: 443 }] },
        ],
      }),
      { Name: 'x', Endpoints: '10.0.0.1:80,[fd00::1]:80,10.0.0.1:443 + 1 more...', Age: '5m' },
    ],
    [stored('Endpoints', {}), { Name: 'x', Endpoints: '<none>', Age: '5m' }],
    [
      stored('EndpointSlice', {
        addressType: 'IPv4',
        ports: [{ port: 80 }, { name: 'any' }],
        endpoints: [{ addresses: ['10.0.0.1'] }],
      }),
      { Name: 'x', AddressType: 'IPv4', Ports: '80,any', Endpoints: '10.0.0.1', Age: '5m' },
    ],
    [
      stored('EndpointSlice', { addressType: 'IPv4', ports: null, endpoints: [] }),
      { Name: 'x', AddressType: 'IPv4', Ports: '<unset>', Endpoints: '<unset>', Age: '5m' },
    ],
    [
      stored(
        'Node',
        {
          spec: { unschedulable: true },
          status: {
            conditions: [{ type: 'Ready', status: 'True' }],
            addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
            nodeInfo: { kubeletVersion: 'v1.32.0', osImage: 'os' },
          },
        },
        { labels: { 'node-role.kubernetes.io/worker': '', 'kubernetes.io/role': 'burst' } },
      ),
      {
        Name: 'x',
        Status: 'Ready,SchedulingDisabled',
        Roles: 'burst,worker',
        Age: '5m',
        Version: 'v1.32.0',
        'Internal-IP': '127.0.0.1',
        'External-IP': '<none>',
        'OS-Image': 'os',
        'Kernel-Version': '<unknown>',
        'Container-Runtime': '<unknown>',
      },
    ],
    [
      stored('Event', {
        type: 'Warning',
        reason: 'BackOff',
        message: 'Back-off \n',
        involvedObject: { kind: 'Pod', name: 'web', fieldPath: 'spec.containers{web}' },
        source: { component: 'kubelet', host: 'n1' },
        firstTimestamp: ago(600),
        lastTimestamp: ago(5),
        count: 7,
      }),
      {
        'Last Seen': '5s',
        Type: 'Warning',
        Reason: 'BackOff',
        Object: 'pod/web',
        Subobject: 'spec.containers{web}',
        Source: 'kubelet, n1',
        Message: 'Back-off',
        'First Seen': '10m',
        Count: 7,
        Name: 'x',
      },
    ],
    [
      stored('Event', {
        involvedObject: { kind: 'Pod', name: 'web' },
        eventTime: '2026-01-02T03:03:05.000000Z',
        reportingComponent: 'burst',
      }),
      {
        'Last Seen': '60s',
        Type: '',
        Reason: '',
        Object: 'pod/web',
        Subobject: '',
        Source: 'burst',
        Message: '',
        'First Seen': '60s',
        Count: 1,
        Name: 'x',
      },
    ],
    [stored('Namespace', { status: { phase: 'Active' } }), { Name: 'x', Status: 'Active', Age: '5m' }],
    [stored('ConfigMap', { data: { a: '1' }, binaryData: { b: '' } }), { Name: 'x', Data: 2, Age: '5m' }],
    [
      stored('Secret', { type: 'Opaque', data: { a: '' } }),
      { Name: 'x', Type: 'Opaque', Data: 1, Age: '5m' },
    ],
    [stored('ServiceAccount', {}), { Name: 'x', Secrets: 0, Age: '5m' }],
    [stored('Lease', { spec: { holderIdentity: 'n1' } }), { Name: 'x', Holder: 'n1', Age: '5m' }],
    [
      stored('PersistentVolumeClaim', {
        spec: { volumeName: 'pv1', storageClassName: 'fast', volumeMode: 'Filesystem' },
        status: {
          phase: 'Bound',
          capacity: { storage: '1Gi' },
          accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
        },
      }),
      {
        Name: 'x',
        Status: 'Bound',
        Volume: 'pv1',
        Capacity: '1Gi',
        'Access Modes': 'RWO,ROX',
        StorageClass: 'fast',
        VolumeAttributesClass: '<unset>',
        Age: '5m',
        VolumeMode: 'Filesystem',
      },
    ],
    [
      stored('PriorityClass', { value: 10 }),
      { Name: 'x', Value: 10, 'Global-Default': false, Age: '5m', PreemptionPolicy: '' },
    ],
    [
      stored('RoleBinding', {
        roleRef: { kind: 'Role', name: 'r' },
        subjects: [
          { kind: 'User', name: 'u' },
          { kind: 'ServiceAccount', name: 's', namespace: 'n' },
        ],
      }),
      { Name: 'x', Role: 'Role/r', Age: '5m', Users: 'u', Groups: '', ServiceAccounts: 'n/s' },
    ],
    [stored('Role', {}), { Name: 'x', 'Created At': ago(300) }],
  ])('$kind', (object, expected) => {
    expect(row(object)).toEqual(expected);
  });
});

describe('toTable', () => {
  const pod = stored('Pod', { spec: { containers: [] } });
  it('includes what was asked for with each row', () => {
    const include = (includeObject: 'Metadata' | 'Object' | 'None'): unknown =>
      toTable(pod, [pod], { includeObject, now }).rows[0]?.object;
    expect(include('None')).toBeUndefined();
    expect(include('Object')).toBe(pod);
    expect(include('Metadata')).toEqual({
      kind: 'PartialObjectMetadata',
      apiVersion: 'meta.k8s.io/v1',
      metadata: pod.metadata,
    });
  });

  it('leaves the columns out for the later events of a watch, and passes the list’s metadata on', () => {
    const table = toTable(pod, [pod], {
      includeObject: 'None',
      now,
      withColumns: false,
      metadata: { resourceVersion: '9' },
    });
    expect(table.columnDefinitions).toBeNull();
    expect(table.metadata).toEqual({ resourceVersion: '9' });
    expect(table.kind).toBe('Table');
  });

  it('defines columns as upstream does', () => {
    const { columnDefinitions } = toTable(pod, [], { includeObject: 'None', now });
    expect(columnDefinitions?.[0]).toMatchObject({
      name: 'Name',
      type: 'string',
      format: 'name',
      priority: 0,
    });
    expect(columnDefinitions?.find(({ name }) => name === 'IP')).toMatchObject({ priority: 1 });
  });

  it('holds its own with objects that are almost empty', () => {
    for (const kind of [
      'Pod',
      'Node',
      'Deployment',
      'Job',
      'CronJob',
      'Service',
      'PersistentVolumeClaim',
      'EndpointSlice',
    ])
      expect(() => row(stored(kind, { spec: {} })), kind).not.toThrow();
  });
});
