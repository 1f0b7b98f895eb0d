import { expect, test } from 'vitest';
import { mockCapabilities } from '../../../providers/mock/capabilities.ts';
import type { Pod } from '../../kube/types.ts';
import { aPod } from '../testing/objects.ts';
import { NodeAdmission } from './node-admission.ts';

function sized(uid: string, status: Pod['status'] = { phase: 'Pending' }): Pod {
  const resources = { requests: { cpu: '1' } };
  return aPod({ uid, name: uid, status, spec: { containers: [{ name: 'main', image: 'x', resources }] } });
}

/** A node with room for two; the Pods are bound to it before it looks at any. */
function nodeWith(...pods: readonly Pod[]): NodeAdmission {
  const admission = new NodeAdmission({
    capabilities: mockCapabilities,
    node: () => undefined,
    capacity: () => ({
      instances: 10,
      resources: { cpuMillis: 2000, memoryBytes: 1, ephemeralStorageBytes: 1 },
    }),
  });
  for (const pod of pods) admission.note(pod, false);
  return admission;
}

function outcomes(admission: NodeAdmission, ...uids: readonly string[]): string[] {
  return uids.map((uid) => admission.refusal(sized(uid))?.reason ?? 'admitted');
}

test('Pods that were not looked at yet take no room; those that were admitted do', () => {
  const admission = nodeWith(sized('a'), sized('b'), sized('c'));
  expect(outcomes(admission, 'a', 'b', 'c')).toEqual(['admitted', 'admitted', 'OutOfcpu']);
});

test('asking again for the same Pod does not count it twice', () => {
  const admission = nodeWith(sized('a'), sized('b'));
  expect(new Set(outcomes(admission, 'a', 'a', 'b', 'a'))).toEqual(new Set(['admitted']));
});

test.each(['Succeeded', 'Failed'])('a Pod that has %s gives its room back', (phase) => {
  const admission = nodeWith(sized('a'), sized('b'), sized('c'));
  outcomes(admission, 'a', 'b');
  admission.note(sized('a', { phase }), false);
  expect(outcomes(admission, 'c')).toEqual(['admitted']);
});

test('so does one that is gone', () => {
  const admission = nodeWith(sized('a'), sized('b'), sized('c'));
  outcomes(admission, 'a', 'b');
  admission.note(sized('a'), true);
  expect(outcomes(admission, 'c')).toEqual(['admitted']);
});

test('a Pod that was made smaller takes less', () => {
  const admission = nodeWith(sized('a'), sized('b'), sized('c'));
  outcomes(admission, 'a', 'b');
  admission.note(aPod({ uid: 'a', name: 'a', spec: { containers: [{ name: 'main', image: 'x' }] } }), false);
  expect(outcomes(admission, 'c')).toEqual(['admitted']);
});

test('a thousand Pods that came and went leave their room as it was', () => {
  const admission = nodeWith();
  for (let round = 0; round < 1000; round++) {
    admission.note(sized(`p${round}`), false);
    expect(outcomes(admission, `p${round}`)).toEqual(['admitted']);
    admission.note(sized(`p${round}`), true);
  }
});

test('after a restart the Pods that run take their room, though nobody asks for them again', () => {
  const started: Pod['status'] = {
    phase: 'Running',
    containerStatuses: [
      { name: 'main', image: 'x', imageID: '', ready: true, restartCount: 0, containerID: 'mock://1' },
    ],
  };
  const admission = nodeWith(sized('a', started), sized('b', started), sized('c'));
  expect(outcomes(admission, 'c')).toEqual(['OutOfcpu']);
});

test('ephemeral containers do not keep their Pod from the node', () => {
  const admission = nodeWith();
  const spec = { ephemeralContainers: [{ name: 'debug', image: 'x' }] };
  expect(admission.refusal(aPod({ spec }))).toBeUndefined();
  expect(admission.ephemeralRefusal(aPod({ spec }), 'debug')?.reason).toBe('EphemeralContainersNotSupported');
});
