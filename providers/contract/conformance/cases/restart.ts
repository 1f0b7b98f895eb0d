import assert from 'node:assert/strict';
import type { Instance } from '../../instance.ts';
import type { CaseDefinition } from '../case.ts';
import { containerOf, exitOf } from '../look.ts';
import type { Stage } from '../stage.ts';

export const restartCases: readonly CaseDefinition[] = [
  {
    name: 'a restarted daemon finds the same instances in the same state',
    async act(stage) {
      const liveSpec = stage.spec({ containers: { main: {} } });
      const overSpec = stage.spec({ containers: { main: { exit: { code: 3 } } } });
      const [live, over] = await Promise.all([stage.start(liveSpec), stage.run(overSpec)]);
      await stage.restart();
      const found = (await stage.listed(live.ref.podUid))[0];
      assert.ok(found, 'the running instance was not found again');
      assert.deepEqual(withoutConditions(found), withoutConditions(live));
      if (!stage.provider.capabilities().retainsStopped) return undefined;
      const ended = (await stage.listed(over.ref.podUid))[0];
      assert.ok(ended, 'the stopped instance was not found again');
      assert.deepEqual(ended.containers, over.containers);
      return undefined;
    },
  },
  {
    name: 'a restarted daemon can observe, stop and delete what it found',
    async act(stage) {
      const spec = stage.spec({
        containers: { main: { print: [{ stream: 'stdout', text: 'ready' }], onTerm: 6 } },
      });
      const { ref } = await stage.start(spec);
      await stage.awake(ref, 'main');
      await stage.restart();
      await adopt(stage, spec.owner.podUid, (instance) =>
        stage.provider.adopt?.(instance.ref, spec, stage.signal()),
      );
      await stage.stop(ref, 600);
      assert.equal(exitOf(await stage.stopped(ref), 'main').exitCode, 6);
      await stage.delete(ref);
      await stage.observation.untilGone(ref, stage.patience.end);
      return undefined;
    },
  },
  {
    name: 'create repeated by a restarted daemon makes no second instance',
    async act(stage) {
      const spec = stage.spec({ containers: { main: {} } });
      const { ref } = await stage.create(spec);
      await stage.restart();
      assert.deepEqual((await stage.create(spec)).ref, ref);
      assert.equal((await stage.listed(spec.owner.podUid)).length, 1);
      return undefined;
    },
  },
  {
    name: 'what ended while no daemon looked has its exit code',
    async act(stage) {
      const spec = stage.spec({ containers: { main: { exit: { code: 3, afterSeconds: 1 } } } });
      const { ref } = await stage.start(spec);
      await stage.restart(1500);
      await adopt(stage, spec.owner.podUid, (instance) =>
        stage.provider.adopt?.(instance.ref, spec, stage.signal()),
      );
      assert.equal(exitOf(await stage.stopped(ref), 'main').exitCode, 3);
      return undefined;
    },
  },
];

/** As the node does after it listed. */
async function adopt(
  stage: Stage,
  podUid: string,
  hand: (instance: Instance) => Promise<void> | undefined,
): Promise<void> {
  const [instance] = await stage.listed(podUid);
  assert.ok(instance, 'the instance was not found again');
  stage.observation.expect(instance);
  await hand(instance);
}

/** What must not be different after a restart. Readiness may have to be probed anew. */
function withoutConditions(instance: Instance): unknown {
  const { ref, owner, phase, createdAt, ips } = instance;
  const { id, image, state, restartCount } = containerOf(instance, 'main');
  return { ref, owner, phase, createdAt, ips, container: { id, image, state, restartCount } };
}
