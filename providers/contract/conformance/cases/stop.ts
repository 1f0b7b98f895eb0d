import assert from 'node:assert/strict';
import type { CaseDefinition } from '../case.ts';
import { rejectsAs } from '../errors.ts';
import { exitOf } from '../look.ts';

/** Seconds: far longer than any case waits, so that whoever waits for it is seen to fail. */
const longGrace = 600;

export const stopCases: readonly CaseDefinition[] = [
  {
    name: 'stop lets a program end in its own way',
    async act(stage) {
      const { ref } = await stage.start(stage.spec({ containers: { main: { print: ready, onTerm: 7 } } }));
      await stage.awake(ref, 'main');
      await stage.stop(ref, longGrace);
      const stopped = await stage.stopped(ref);
      assert.equal(exitOf(stopped, 'main').exitCode, 7);
      assert.equal(stopped.stopCause, undefined, 'a stop that was asked for is no stopCause');
      return undefined;
    },
  },
  {
    name: 'stop kills when the grace period is over, not before',
    async act(stage) {
      const spec = stage.spec({ containers: { main: { print: ready, onTerm: 'ignore' } } });
      const { ref } = await stage.start(spec);
      await stage.awake(ref, 'main');
      const before = performance.now();
      await stage.stop(ref, 2);
      const stopped = await stage.stopped(ref, 2 + stage.patience.end);
      const seconds = (performance.now() - before) / 1000;
      assert.ok(seconds > 1.8, `killed after ${seconds.toFixed(1)} s of a grace period of 2 s`);
      const { exitCode, signal } = exitOf(stopped, 'main');
      assert.equal(exitCode, 137, 'SIGKILL is exit code 137');
      assert.ok(signal === undefined || signal === 9, `signal ${signal}`);
      return undefined;
    },
  },
  {
    name: 'a second stop may shorten the time left, never lengthen it',
    async act(stage) {
      const stubborn = { containers: { main: { print: ready, onTerm: 'ignore' as const } } };
      const [shortened, lengthened] = await Promise.all([
        stage.start(stage.spec(stubborn)),
        stage.start(stage.spec(stubborn)),
      ]);
      await Promise.all([stage.awake(shortened.ref, 'main'), stage.awake(lengthened.ref, 'main')]);
      await stage.stop(shortened.ref, longGrace);
      await stage.stop(shortened.ref, 1);
      await stage.stop(lengthened.ref, 1);
      await stage.stop(lengthened.ref, longGrace);
      await Promise.all([stage.stopped(shortened.ref), stage.stopped(lengthened.ref)]);
      return undefined;
    },
  },
  {
    name: 'a stopped instance stays, with its exit codes, until it is deleted',
    async act(stage) {
      const spec = stage.spec({ containers: { main: { print: ready, onTerm: 5 } } });
      const { ref } = await stage.start(spec);
      await stage.awake(ref, 'main');
      await stage.stop(ref, longGrace);
      const stopped = await stage.stopped(ref);
      if (!stage.provider.capabilities().retainsStopped) return undefined;
      const [listed] = await stage.listed(spec.owner.podUid);
      assert.ok(listed, 'a stopped instance is not listed');
      assert.deepEqual(listed.containers, stopped.containers);
      await stage.stop(ref, 1);
      assert.equal((await stage.listed(spec.owner.podUid)).length, 1);
      return undefined;
    },
  },
  {
    name: 'an instance that is stopped early never starts afterwards',
    async act(stage) {
      const spec = stage.spec({ containers: { main: {} } });
      const { ref } = await stage.create(spec);
      await stage.stop(ref, 1);
      const stopped = await stage.stopped(ref, stage.patience.start + stage.patience.end);
      assert.ok(!stopped.containers.some(({ state }) => state.kind === 'running'));
      return undefined;
    },
  },
  {
    name: 'stop of an unknown instance is NotFound',
    async act(stage) {
      const ref = { id: 'no-such-instance', podUid: '00000000-0000-4000-8000-000000000000' };
      await rejectsAs('NotFound', stage.stop(ref, 1));
      return undefined;
    },
  },
];

const ready = [{ stream: 'stdout', text: 'ready' }] as const;
