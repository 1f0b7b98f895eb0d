import assert from 'node:assert/strict';
import type { OwnerScope } from '../../ownership.ts';
import type { InstanceEvent } from '../../provider.ts';
import type { CaseDefinition } from '../case.ts';
import { within } from '../within.ts';

export const scopeCases: readonly CaseDefinition[] = [
  {
    name: 'list shows every instance with its owner, live or not',
    async act(stage) {
      const live = [0, 1, 2].map(() => stage.spec({ containers: { main: {} } }));
      const over = stage.spec({ containers: { main: { exit: { code: 0 } } } });
      await Promise.all([...live.map((spec) => stage.start(spec)), stage.run(over)]);
      const retained = stage.provider.capabilities().retainsStopped;
      const expected = (retained ? [...live, over] : live).map(({ owner }) => owner);
      const owners = (await stage.list()).map(({ owner }) => owner);
      const byUid = (a: { podUid: string }, b: { podUid: string }): number => (a.podUid < b.podUid ? -1 : 1);
      assert.deepEqual(owners.toSorted(byUid), expected.toSorted(byUid));
      return undefined;
    },
  },
  {
    name: 'other nodes and other clusters see nothing of it',
    async act(stage) {
      const others: OwnerScope[] = [
        { ...stage.scope, node: `${stage.scope.node}-b` },
        { ...stage.scope, clusterUid: '00000000-0000-4000-8000-000000000000' },
      ];
      const leave = new AbortController();
      const overheard: InstanceEvent[] = [];
      const observers = others.map((scope) =>
        stage.provider.observe(scope, (event) => overheard.push(event), leave.signal),
      );
      const { ref } = await stage.start(stage.spec({ containers: { main: {} } }));
      for (const scope of others) {
        assert.deepEqual(await stage.list(scope), [], `${JSON.stringify(scope)} lists it`);
        const stats = await stage.provider.stats?.(scope, stage.signal());
        assert.deepEqual(stats ?? [], [], 'another scope measures it');
      }
      await stage.delete(ref);
      await stage.observation.untilGone(ref, stage.patience.end);
      leave.abort();
      await within(stage.patience.call, 'observe ends after its signal', Promise.all(observers));
      assert.deepEqual(overheard, [], 'another scope observes it');
      return undefined;
    },
  },
];
