import { describe, expect, it } from 'vitest';
import { differentChanges, type Stay } from './tracks.ts';

/** `running:9 Error:1`: states and the seconds that they lasted; the last one lasts. */
function track(text: string): Stay[] {
  const stays = text.split(' ').map((word) => {
    const [state = '', seconds] = word.split(':');
    return { state, ms: seconds === undefined ? Infinity : Number(seconds) * 1000 };
  });
  return stays;
}

describe('changes of a part', () => {
  it.each([
    ['the same', 'Pending:5 Running:5 Failed', 'Pending:9 Running:9 Failed'],
    ['a state that was over at once is left out', 'Pending:5 Running:1 Failed', 'Pending:5 Failed'],
    ['a first state that was over at once', 'Pending:1 Running', 'Running'],
    ['several of them', 'up:9 Error:1 Waiting:1 up:9 down', 'up:9 down'],
    ['a state of both, momentary in one', 'no:9 yes:9 no:1 over', 'no:9 yes:9 over'],
    ['once or often', 'up:9 loop:9 up:9 loop:9 up:9 loop', 'up:9 loop:9 up:9 loop'],
  ])('%s', (_name, one, other) => {
    expect(differentChanges(track(one), track(other))).toEqual({ one: [], other: [] });
    expect(differentChanges(track(other), track(one))).toEqual({ one: [], other: [] });
  });

  it.each([
    ['a state that lasted', 'a:9 b:9 c', 'a:9 c', ['a → b', 'b → c'], ['a → c']],
    ['another end', 'a:9 b', 'a:9 c', ['a → b'], ['a → c']],
    ['another order', 'a:9 b:9 c', 'a:9 c:9 b', ['a → b', 'b → c'], ['a → c', 'c → b']],
    ['a way back', 'a:9 b:9 a', 'a:9 b', ['b → a'], []],
  ])('%s is a difference', (_name, one, other, ones, others) => {
    expect(differentChanges(track(one), track(other))).toEqual({ one: ones, other: others });
  });
});
