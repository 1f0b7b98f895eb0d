import { expect, test } from 'vitest';
import { mockCapabilities } from '../../providers/mock/capabilities.ts';
import { processCapabilities } from '../../providers/process/capabilities.ts';
import type { Pod } from '../kube/types.ts';
import { notEnforcedNote, notEnforcedNotes, noteAdmitted, noteAdopted } from './not-enforced.ts';
import { createRecord } from './pod-record.ts';
import { aPod } from './testing/objects.ts';

const seccompProfile = { type: 'RuntimeDefault' };
const said = 'seccompProfile (Pod, main), allowPrivilegeEscalation (main, first)';

function asking(annotations: Record<string, string> = {}): Pod {
  const allowPrivilegeEscalation = false;
  return aPod({
    meta: { annotations },
    spec: {
      securityContext: { seccompProfile },
      containers: [
        { name: 'main', image: 'i', securityContext: { allowPrivilegeEscalation, seccompProfile } },
        { name: 'side', image: 'i' },
      ],
      initContainers: [{ name: 'first', image: 'i', securityContext: { allowPrivilegeEscalation } }],
    },
  });
}

function noted(note: typeof noteAdmitted, pod: Pod, capabilities = processCapabilities) {
  const events: string[] = [];
  const record = createRecord(0);
  note(
    {
      capabilities,
      events: (_pod, type, reason, message) => void events.push(`${type} ${reason} ${message}`),
    },
    pod,
    record,
  );
  return { events, notes: notEnforcedNotes(record) };
}

test('the annotation names restraints and containers, one Event also why', () => {
  const { events, notes } = noted(noteAdmitted, asking());
  expect(notes).toEqual({ [notEnforcedNote]: said });
  const why = 'a host process is not confined: it has the rights of the daemon';
  expect(events).toEqual([
    `Warning NotEnforced Not enforced, as the operator of this node has consented to: seccompProfile (Pod, main): ${why}; allowPrivilegeEscalation (main, first): ${why}`,
  ]);
});

test('what the Pod says already is not told again, be it by an earlier process', () => {
  const pod = asking({ [notEnforcedNote]: said });
  expect(noted(noteAdmitted, pod)).toEqual({ events: [], notes: { [notEnforcedNote]: said } });
  expect(noted(noteAdopted, asking({ [notEnforcedNote]: 'seccompProfile (Pod)' }))).toEqual({
    ...{ events: [], notes: {} },
  });
});

test('a process that finds the instance of one that died before it said so says it', () => {
  const { events, notes } = noted(noteAdopted, asking());
  expect(notes).toEqual({ [notEnforcedNote]: said });
  expect(events).toHaveLength(1);
});

test('where all is enforced nothing is said, and what was copied from elsewhere is taken away', () => {
  const pod = asking({ [notEnforcedNote]: said });
  expect(noted(noteAdmitted, pod, mockCapabilities)).toEqual({
    events: [],
    notes: { [notEnforcedNote]: null },
  });
});
