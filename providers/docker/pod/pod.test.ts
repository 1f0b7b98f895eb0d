import { expect, test } from 'vitest';
import { plainContainer, plainSpec } from '../../contract/conformance/plain-spec.ts';
import { sandboxConfig } from './configs.ts';
import { hostsFile, resolverFile } from './managed-files.ts';
import { podRecord } from './pod-record.ts';
import { oomScore, qosClassOf } from './quality-of-service.ts';
import { resourceConfig } from './resources.ts';
import { securityConfig, verifyRunAsNonRoot } from './security.ts';

const owner = { clusterUid: 'c', node: 'n', namespace: 'ns', name: 'pod', podUid: 'uid', attempt: 0 };
const some = { cpuMillis: 100, memoryBytes: 1000 };

test('quality of service is that of the API server', () => {
  expect(qosClassOf([{ requests: {}, limits: {} }])).toBe('BestEffort');
  expect(qosClassOf([{ requests: some, limits: some }])).toBe('Guaranteed');
  expect(qosClassOf([{ requests: {}, limits: some }])).toBe('Guaranteed');
  expect(
    qosClassOf([
      { requests: some, limits: some },
      { requests: {}, limits: {} },
    ]),
  ).toBe('Burstable');
  expect(qosClassOf([{ requests: some, limits: { ...some, cpuMillis: 200 } }])).toBe('Burstable');
  expect(qosClassOf([{ requests: { extended: { gpu: 1 } }, limits: {} }])).toBe('BestEffort');
});

test('the OOM score is that of the kubelet', () => {
  expect(oomScore('Guaranteed', 1, 100)).toBe(-997);
  expect(oomScore('BestEffort', 0, 100)).toBe(1000);
  expect(oomScore('Burstable', 25, 100)).toBe(750);
  expect(oomScore('Burstable', 0, 100)).toBe(999);
  expect(oomScore('Burstable', 100, 100)).toBe(3);
});

test('requests and limits become shares, quota and memory without swap', () => {
  const config = (more: object) => resourceConfig(plainContainer('c', 'i', more));
  expect(config({})).toEqual({ CpuShares: 2 });
  expect(config({ requests: { cpuMillis: 250 }, limits: { cpuMillis: 1500, memoryBytes: 2 ** 30 } })).toEqual(
    {
      CpuShares: 256,
      CpuPeriod: 100_000,
      CpuQuota: 150_000,
      Memory: 2 ** 30,
      MemorySwap: 2 ** 30,
    },
  );
  expect(config({ limits: { cpuMillis: 1, memoryBytes: 1 } })).toEqual({
    CpuShares: 2,
    CpuPeriod: 100_000,
    CpuQuota: 1_000,
    Memory: 6 * 2 ** 20,
    MemorySwap: 6 * 2 ** 20,
  });
  expect(config({ limits: { extended: { 'nvidia.com/gpu': 2 } } })).toMatchObject({
    DeviceRequests: [{ Driver: 'nvidia', Count: 2, Capabilities: [['gpu']] }],
  });
  expect(() => config({ limits: { extended: { 'example.com/fpga': 1 } } })).toThrow('example.com/fpga');
});

test('the calls of a sandbox are not filtered, unless the containers of the Pod see its process', () => {
  const settings = { network: 'bridge', pidsLimit: 0, logMaxBytes: 1, logMaxFiles: 1 };
  const machine = { memoryBytes: 1, leastOomScore: -1000, hostnameIsOwn: false };
  const options = (more: object) =>
    sandboxConfig(podRecord('id', 'engine', { ...plainSpec(owner, []), ...more }), settings, machine, [])
      .HostConfig?.SecurityOpt;
  expect(options({})).toEqual(['no-new-privileges', 'seccomp=unconfined']);
  expect(options({ shareProcessNamespace: true })).toEqual(['no-new-privileges']);
});

test('user and group come from the container, the Pod, then the image', () => {
  const user = (own: object, pod: object, image: string) =>
    securityConfig(plainContainer('c', 'i', { securityContext: own }), pod, image).User;
  expect(user({}, {}, 'app:app')).toBeUndefined();
  expect(user({ runAsUser: 1 }, { runAsUser: 2 }, 'app')).toBe('1');
  expect(user({}, { runAsUser: 2, runAsGroup: 3 }, 'app')).toBe('2:3');
  expect(user({ runAsGroup: 3 }, {}, 'app:staff')).toBe('app:3');
  expect(user({ runAsGroup: 3 }, {}, '')).toBe('0:3');
});

test('runAsNonRoot is verified in the words of the kubelet', () => {
  const verify = (own: object, pod: object, image: string) => () =>
    verifyRunAsNonRoot(plainContainer('c', 'i', { securityContext: own }), pod, image, owner);
  const where = '(pod: "pod_ns(uid)", container: c)';
  expect(verify({}, {}, '')).not.toThrow();
  expect(verify({ runAsNonRoot: false }, { runAsNonRoot: true }, '')).not.toThrow();
  expect(verify({}, { runAsNonRoot: true }, '7:0')).not.toThrow();
  expect(verify({ runAsUser: 7 }, { runAsNonRoot: true }, '')).not.toThrow();
  expect(verify({ runAsNonRoot: true }, {}, '0')).toThrow(
    `container has runAsNonRoot and image will run as root ${where}`,
  );
  expect(verify({ runAsNonRoot: true }, {}, 'app')).toThrow(
    `container has runAsNonRoot and image has non-numeric user (app), cannot verify user is non-root ${where}`,
  );
  expect(verify({ runAsNonRoot: true, runAsUser: 0 }, {}, '7')).toThrow(
    `container's runAsUser breaks non-root policy ${where}`,
  );
});

test('managed files: a Pod without wishes keeps the resolver of the engine', () => {
  const record = podRecord('id', 'engine', plainSpec(owner, [], { hostname: 'web' }));
  expect(resolverFile(record)).toBeUndefined();
  expect(hostsFile(record, ['10.0.0.1', 'fd00::1'])).toMatch(
    /fe00::2\tip6-allrouters\n10\.0\.0\.1\tweb\nfd00::1\tweb\n$/,
  );
});

test('a record holds no file content', () => {
  const content = Buffer.from('hush');
  const files = [{ path: 'a', content, mode: 0o644, secret: true }];
  const volumes = [{ name: 'v', kind: 'files' as const, files, refreshable: true }];
  const record = podRecord('id', 'engine', plainSpec(owner, [], { volumes }));
  expect(record.volumes).toEqual([{ name: 'v', kind: 'files', refreshable: true }]);
});
