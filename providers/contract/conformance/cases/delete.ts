import assert from 'node:assert/strict';
import type { CaseDefinition } from '../case.ts';

export const deleteCases: readonly CaseDefinition[] = [
  {
    name: 'delete ends a running instance, even one that ignores SIGTERM',
    async act(stage) {
      const spec = stage.spec({ containers: { main: { onTerm: 'ignore' } } });
      const { ref } = await stage.start(spec);
      await stage.delete(ref);
      assert.deepEqual(await stage.listed(spec.owner.podUid), [], 'it is still listed');
      await stage.observation.untilGone(ref, stage.patience.end);
      return undefined;
    },
  },
  {
    name: 'delete removes an instance that has ended',
    async act(stage) {
      const spec = stage.spec({ containers: { main: { exit: { code: 0 } } } });
      const { ref } = await stage.run(spec);
      await stage.delete(ref);
      assert.deepEqual(await stage.listed(spec.owner.podUid), []);
      await stage.observation.untilGone(ref, stage.patience.end);
      return undefined;
    },
  },
  {
    name: 'delete right after create leaves nothing',
    async act(stage) {
      const spec = stage.spec({ containers: { main: {} } });
      const { ref } = await stage.create(spec);
      await stage.delete(ref);
      assert.deepEqual(await stage.listed(spec.owner.podUid), []);
      return undefined;
    },
  },
  {
    name: 'delete may be repeated, at the same time too, and an unknown instance is done',
    async act(stage) {
      const { ref } = await stage.start(stage.spec({ containers: { main: {} } }));
      await Promise.all([stage.delete(ref), stage.delete(ref)]);
      await stage.delete(ref);
      await stage.delete({ id: 'no-such-instance', podUid: '00000000-0000-4000-8000-000000000000' });
      return undefined;
    },
  },
];
