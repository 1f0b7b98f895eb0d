import { expect, test } from 'vitest';
import { containerLabels, sandboxLabels } from '../../../providers/docker/pod/labels.ts';
import { Ledger } from './ledger.ts';
import { phases, Trap } from './phases.ts';

const owner = { clusterUid: 'c', node: 'n', namespace: 'ns', name: 'p', podUid: 'u', attempt: 0 };
const spec = { name: 'main', image: 'i', terminationMessagePolicy: 'File' } as const;

/** `create a`, `start a main`: an action, the id of a container, and its name when it is no sandbox. */
function violations(events: readonly string[], isWanted = true): string[] {
  const ledger = new Ledger(() => isWanted);
  for (const event of events) {
    const [Action = '', ID = '', name] = event.split(' ');
    const Attributes =
      name === undefined ? sandboxLabels(owner, 's') : containerLabels(owner, 's', { ...spec, name }, 0, 'i');
    ledger.note({ Action, Actor: { ID, Attributes } });
  }
  return ledger.violations.map((text) => text.split(':')[0] ?? '');
}

test.each([
  ['one life', ['create a', 'start a', 'create b main', 'start b main', 'kill b main'], []],
  ['a sandbox that never ran is replaced', ['create a', 'create b', 'start b', 'destroy a'], []],
  ['two at a time', ['create a', 'start a', 'create b'], ['doubled']],
  ['a second run of a container', ['start a main', 'start b main'], ['restarted']],
  ['the same container again', ['start a main', 'start a main'], ['restarted']],
  ['an end that nobody wanted', ['start a main', 'die a main'], ['ended']],
])('%s', (_, events, expected) => {
  expect(violations(events)).toEqual(expected);
});

test('the end of a Pod that was deleted is none of these', () => {
  expect(violations(['start a main', 'kill a main', 'die a main', 'destroy a main'], false)).toEqual([]);
});

test('the trap springs once in each phase, at an event of its choice, when there is a daemon to kill', () => {
  const trap = new Trap();
  trap.arm(() => 0.5, 4);
  const at = (alive: boolean): boolean => trap.springs('sandbox', 'create', alive);
  expect([at(true), at(true), at(false), at(true), at(true)]).toEqual([false, false, false, true, false]);
  expect([...trap.kills.values()].reduce((sum, one) => sum + one)).toBe(1);
  expect(trap.kills.size).toBe(phases.length);
});
