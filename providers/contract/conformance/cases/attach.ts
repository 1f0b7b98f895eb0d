import assert from 'node:assert/strict';
import type { InstanceRef } from '../../instance.ts';
import type { ProcessStreams } from '../../streams.ts';
import type { CaseDefinition } from '../case.ts';
import { rejectsAs } from '../errors.ts';
import type { Stage } from '../stage.ts';
import { Collector, endsWithSignal, openInput } from '../streams.ts';
import { within } from '../within.ts';

export const attachCases: readonly CaseDefinition[] = [
  {
    name: 'attach: several sessions see the output, and one types; it ends with the process',
    needs: 'attach',
    async act(stage) {
      if (stage.provider.capabilities().features['container.stdin'].support === 'refused')
        return 'the provider refuses containers with stdin';
      const { ref } = await stage.start(stage.spec({ containers: { main: { answersInput: true } } }));
      const stdin = openInput();
      const [first, second] = [new Collector(), new Collector()];
      const ends = [attach(stage, ref, { stdout: first }), attach(stage, ref, { stdin, stdout: second })];
      const ended = Promise.all(ends);
      ended.catch(() => {});
      // Until both are connected: an attach does not say when it is.
      const typing = setInterval(() => stdin.write('hello\n'), 200);
      try {
        for (const output of [first, second]) await output.until('got hello\n', stage.patience.start);
      } finally {
        clearInterval(typing);
      }
      stdin.write('quit\n');
      await within(stage.patience.end, 'attach ends with the process', ended);
      return undefined;
    },
  },
  {
    name: 'attach: its signal ends the session only',
    needs: 'attach',
    async act(stage) {
      const spec = stage.spec({ containers: { main: {} } });
      const { ref } = await stage.start(spec);
      const leave = new AbortController();
      const ended = attach(stage, ref, { stdout: new Collector() }, leave.signal);
      ended.catch(() => {});
      leave.abort();
      await endsWithSignal(stage, 'attach', ended);
      const [instance] = await stage.listed(spec.owner.podUid);
      assert.equal(
        instance?.containers[0]?.state.kind,
        'running',
        'the container has ended with the session',
      );
      return undefined;
    },
  },
  {
    name: 'attach to an unknown instance or container is NotFound',
    needs: 'attach',
    async act(stage) {
      const { ref } = await stage.start(stage.spec({ containers: { main: {} } }));
      await rejectsAs('NotFound', attach(stage, { ...ref, id: 'no-such-instance' }, {}));
      await rejectsAs('NotFound', attach(stage, ref, {}, undefined, 'no-such-container'));
      return undefined;
    },
  },
];

function attach(
  stage: Stage,
  ref: InstanceRef,
  streams: ProcessStreams,
  signal = new AbortController().signal,
  container = 'main',
): Promise<void> {
  assert.ok(stage.provider.attach, 'the provider has no attach');
  return stage.provider.attach(ref, container, streams, signal);
}
