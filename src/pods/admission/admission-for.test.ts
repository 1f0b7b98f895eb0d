import { expect, test } from 'vitest';
import { mockCapabilities } from '../../../providers/mock/capabilities.ts';
import type { Pod } from '../../kube/types.ts';
import { aPod } from '../testing/objects.ts';
import { admissionFor } from './admission-for.ts';

function sized(uid: string, status: Pod['status'] = { phase: 'Pending' }): Pod {
  const resources = { requests: { cpu: '1' } };
  return aPod({ uid, name: uid, status, spec: { containers: [{ name: 'main', image: 'x', resources }] } });
}

function nodeWith(pods: Map<string, Pod>): (pod: Pod) => { readonly reason: string } | undefined {
  return admissionFor({
    capabilities: mockCapabilities,
    node: () => undefined,
    capacity: () => ({
      instances: 10,
      resources: { cpuMillis: 2000, memoryBytes: 1, ephemeralStorageBytes: 1 },
    }),
    pods: () => pods.values(),
  });
}

function cluster(...uids: string[]): Map<string, Pod> {
  return new Map(uids.map((uid) => [uid, sized(uid)]));
}

function admit(
  admission: (pod: Pod) => { readonly reason: string } | undefined,
  pod: Pod | undefined,
): string {
  if (pod === undefined) throw new Error('no such Pod');
  return admission(pod)?.reason ?? 'admitted';
}

test('Pods that were not looked at yet take no room; those that were admitted do', () => {
  const pods = cluster('a', 'b', 'c');
  const admission = nodeWith(pods);
  expect(['a', 'b', 'c'].map((uid) => admit(admission, pods.get(uid)))).toEqual([
    'admitted',
    'admitted',
    'OutOfcpu',
  ]);
});

test('asking again for the same Pod does not count it twice', () => {
  const pods = cluster('a', 'b');
  const admission = nodeWith(pods);
  for (const uid of ['a', 'a', 'b', 'a']) expect(admit(admission, pods.get(uid))).toBe('admitted');
});

test.each(['Succeeded', 'Failed'])('a Pod that has %s gives its room back', (phase) => {
  const pods = cluster('a', 'b', 'c');
  const admission = nodeWith(pods);
  admit(admission, pods.get('a'));
  admit(admission, pods.get('b'));
  pods.set('a', sized('a', { phase }));
  expect(admit(admission, pods.get('c'))).toBe('admitted');
});

test('so does one that is gone', () => {
  const pods = cluster('a', 'b', 'c');
  const admission = nodeWith(pods);
  admit(admission, pods.get('a'));
  admit(admission, pods.get('b'));
  pods.delete('a');
  expect(admit(admission, pods.get('c'))).toBe('admitted');
});

test('a thousand Pods that came and went leave their room as it was', () => {
  const pods = new Map<string, Pod>();
  const admission = nodeWith(pods);
  for (let round = 0; round < 1000; round++) {
    pods.set(`p${round}`, sized(`p${round}`));
    expect(admit(admission, pods.get(`p${round}`))).toBe('admitted');
    pods.delete(`p${round - 1}`);
  }
});

test('after a restart the Pods that run take their room, though nobody asks for them again', () => {
  const started = { phase: 'Running', containerStatuses: [{ containerID: 'mock://1' }] } as Pod['status'];
  const pods = new Map([
    ['a', sized('a', started ?? {})],
    ['b', sized('b', started ?? {})],
    ['c', sized('c')],
  ]);
  expect(admit(nodeWith(pods), pods.get('c'))).toBe('OutOfcpu');
});
