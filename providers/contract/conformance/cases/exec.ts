import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { providerErrorKind } from '../../errors.ts';
import type { InstanceRef } from '../../instance.ts';
import type { TerminalSize } from '../../streams.ts';
import type { CaseDefinition } from '../case.ts';
import { rejectsAs } from '../errors.ts';
import type { Stage } from '../stage.ts';
import { Collector, call, endsWithSignal, exec, openInput, shell } from '../streams.ts';

const bigBytes = 8 * 2 ** 20;

export const execCases: readonly CaseDefinition[] = [
  {
    name: 'exec: codes are exact, also after a signal',
    needs: 'exec',
    async act(stage) {
      const ref = await begin(stage);
      for (const [script, code] of [
        ['exit 0', 0],
        ['exit 3', 3],
        ['exit 255', 255],
        ['kill -KILL $$', 137],
      ] as const)
        assert.equal((await exec(stage, ref, shell(script))).exitCode, code, script);
      return undefined;
    },
  },
  {
    name: 'exec: both outputs come apart, complete, with the environment of the container',
    needs: 'exec',
    async act(stage) {
      const env = [{ name: 'PLAIN', value: 'a "b" $c', secret: false }];
      const { ref } = await stage.start(stage.spec({ containers: { main: {} }, env }));
      const script = 'echo "$PLAIN"; echo oops >&2; printf "no newline"; exit 4';
      assert.deepEqual(await exec(stage, ref, shell(script)), {
        exitCode: 4,
        stdout: 'a "b" $c\nno newline',
        stderr: 'oops\n',
      });
      return undefined;
    },
  },
  {
    name: 'exec: the end of the input ends nothing else',
    needs: 'exec',
    async act(stage) {
      const ref = await begin(stage);
      const input = 'line\n'.repeat(20_000);
      const { exitCode, stdout } = await exec(
        stage,
        ref,
        shell('cat | sha256sum; echo after; exit 5'),
        input,
      );
      const digest = createHash('sha256').update(input).digest('hex');
      assert.match(stdout, new RegExp(`^${digest} .*\nafter\n$`));
      assert.equal(exitCode, 5);
      return undefined;
    },
  },
  {
    name: 'exec: without input there is nothing to read',
    needs: 'exec',
    async act(stage) {
      const ref = await begin(stage);
      assert.deepEqual(await exec(stage, ref, shell('cat; echo end')), {
        exitCode: 0,
        stdout: 'end\n',
        stderr: '',
      });
      return undefined;
    },
  },
  {
    name: 'exec: much output arrives complete, at the pace of the one who reads it',
    needs: 'exec',
    async act(stage) {
      const ref = await begin(stage);
      const stdout = new Slow();
      const command = shell(`head -c ${bigBytes} /dev/zero | tr '\\0' x`);
      assert.equal(await call(stage, ref, { command, tty: false }, { stdout }), 0);
      assert.equal(stdout.bytes, bigBytes);
      assert.equal(stdout.sha256(), createHash('sha256').update('x'.repeat(bigBytes)).digest('hex'));
      return undefined;
    },
  },
  {
    name: 'exec: a signal that fires kills the command',
    needs: 'exec',
    async act(stage) {
      const ref = await begin(stage);
      const abort = new AbortController();
      const stdout = new Collector();
      const command = shell('trap "" HUP TERM; echo "$$ up"; cat; while :; do sleep 1; done');
      const streams = { stdin: openInput(), stdout };
      const ended = call(stage, ref, { command, tty: false }, streams, abort.signal);
      ended.catch(() => {});
      await stdout.until(' up\n', stage.patience.start);
      abort.abort();
      await endsWithSignal(stage, 'exec', ended);
      const lives = async (): Promise<boolean> =>
        (await exec(stage, ref, shell(`kill -0 ${Number.parseInt(stdout.text, 10)}`))).exitCode === 0;
      const deadline = performance.now() + stage.patience.end * 1000;
      while (await lives()) assert.ok(performance.now() < deadline, 'the command lives on');
      return undefined;
    },
  },
  {
    name: 'exec: what cannot be started is 126 or 127, with the reason',
    needs: 'exec',
    async act(stage) {
      const ref = await begin(stage);
      for (const command of [['no-such-command'], ['/']]) {
        const { exitCode, stdout, stderr } = await exec(stage, ref, command);
        assert.ok(exitCode === 126 || exitCode === 127, `${command} ended with ${exitCode}`);
        assert.ok(stderr.trim(), `${command}: stderr is silent, stdout says ${JSON.stringify(stdout)}`);
      }
      return undefined;
    },
  },
  {
    name: 'exec: a terminal is one, and takes a new size',
    needs: 'exec',
    async act(stage) {
      const ref = await begin(stage);
      const stdout = new Collector();
      const script =
        'test -t 0 && test -t 1 && echo on a terminal; until stty size 2>/dev/null | grep -q "30 100"; do sleep 0.1; done; exit 6';
      const streams = { stdin: openInput(), stdout, sizes: grows() };
      try {
        assert.equal(await call(stage, ref, { command: shell(script), tty: true }, streams), 6);
      } catch (error) {
        if (providerErrorKind(error) === 'Unsupported') return 'the provider has no terminals';
        throw error;
      }
      assert.equal(stdout.text, 'on a terminal\r\n');
      return undefined;
    },
  },
  {
    name: 'exec: what does not run, or is not there, is NotFound',
    needs: 'exec',
    async act(stage) {
      const spec = stage.spec({ containers: { main: { exit: { code: 0 } }, other: {} } });
      const { ref } = await stage.create(spec);
      await stage.observation.until(
        ref,
        'has ended in main',
        stage.patience.start + stage.patience.end,
        ({ containers }) =>
          containers.some(({ name, state }) => name === 'main' && state.kind === 'terminated'),
      );
      await rejectsAs('NotFound', exec(stage, ref, shell('exit 0')));
      await rejectsAs('NotFound', exec(stage, { ...ref, id: 'no-such-instance' }, shell('exit 0')));
      return undefined;
    },
  },
];

/** An instance whose container `main` runs. */
async function begin(stage: Stage): Promise<InstanceRef> {
  const { ref } = await stage.start(stage.spec({ containers: { main: {} } }));
  return ref;
}

/** Takes its time for each chunk. */
class Slow extends Collector {
  override _write(chunk: Buffer, encoding: string, done: () => void): void {
    super._write(chunk, encoding, () => setImmediate(done));
  }
}

async function* grows(): AsyncGenerator<TerminalSize> {
  yield { width: 80, height: 24 };
  await new Promise((resolve) => setTimeout(resolve, 500));
  yield { width: 100, height: 30 };
}
