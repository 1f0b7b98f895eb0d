import assert from 'node:assert/strict';
import type { InstanceEvent } from '../../provider.ts';
import type { CaseDefinition } from '../case.ts';
import { Observation } from '../observation.ts';
import { within } from '../within.ts';

export const observeCases: readonly CaseDefinition[] = [
  {
    name: 'observe reports a whole life, in order, in snapshots that do not change',
    async act(stage) {
      const spec = stage.spec({ containers: { main: { onTerm: 0 } } });
      const { ref } = await stage.start(spec);
      await stage.stop(ref, 1);
      await stage.stopped(ref);
      await stage.delete(ref);
      await stage.observation.untilGone(ref, stage.patience.end);
      const told = stage.observation.events.filter((event) => eventRef(event).id === ref.id);
      assert.equal(told.at(-1)?.type, 'gone');
      stage.observation.check();
      return undefined;
    },
  },
  {
    name: 'two observers are told the same',
    async act(stage) {
      const second = new Observation(stage.provider, stage.scope);
      const { ref } = await stage.start(stage.spec({ containers: { main: {} } }));
      await stage.delete(ref);
      await stage.observation.untilGone(ref, stage.patience.end);
      await second.untilGone(ref, stage.patience.end);
      await within(stage.patience.call, 'observe ends after its signal', second.end());
      second.check();
      return undefined;
    },
  },
  {
    name: 'observe ends promptly when its signal fires, and at once when it had fired before',
    async act(stage) {
      const running = new Observation(stage.provider, stage.scope);
      await stage.start(stage.spec({ containers: { main: {} } }));
      await within(stage.patience.call, 'observe ends after its signal', running.end());
      running.check();
      const observed = stage.provider.observe(stage.scope, () => undefined, AbortSignal.abort());
      await within(stage.patience.call, 'observe ends with a signal that has fired', observed);
      return undefined;
    },
  },
  {
    name: 'calls settle when their signal fires',
    async act(stage) {
      const { ref } = await stage.start(stage.spec({ containers: { main: {} } }));
      const { provider, scope } = stage;
      const attempt = (make: (signal: AbortSignal) => Promise<unknown>): Promise<unknown>[] => {
        const leave = new AbortController();
        const calls = [make(leave.signal), make(AbortSignal.abort())];
        leave.abort();
        return calls;
      };
      const calls = [
        ...attempt((signal) => provider.list(scope, signal)),
        ...attempt((signal) => provider.capacity(signal)),
        ...attempt((signal) => provider.stop(ref, { gracePeriodSeconds: 600 }, signal)),
        ...attempt((signal) => provider.delete(ref, signal)),
      ];
      await within(stage.patience.call, 'calls settle after their signal', Promise.allSettled(calls));
      return undefined;
    },
  },
];

function eventRef(event: InstanceEvent): { readonly id: string } {
  return event.type === 'changed' ? event.instance.ref : event.ref;
}
