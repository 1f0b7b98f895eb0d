import assert from 'node:assert/strict';
import type { LogEntry } from '../../logs.ts';
import { podIpMarker } from '../../pod-ips.ts';
import type { CaseDefinition } from '../case.ts';
import { rejectsAs } from '../errors.ts';
import type { PrintedLine } from '../program.ts';
import { within } from '../within.ts';

export const logCases: readonly CaseDefinition[] = [
  {
    name: 'logs hold what was written, on which stream and when',
    needs: 'logs',
    async act(stage) {
      const print = [
        ...stdout('one', "two 'quoted' $words", ''),
        { stream: 'stderr', text: 'oops' } as const,
      ];
      const { ref } = await stage.run(stage.spec({ containers: { main: { print, exit: { code: 0 } } } }));
      const entries = await stage.log(ref, { container: 'main' });
      const on = (stream: string): string[] => texts(entries.filter((entry) => entry.stream === stream));
      assert.deepEqual(on('stdout'), ['one', "two 'quoted' $words", '']);
      assert.deepEqual(on('stderr'), ['oops']);
      for (const { time, partial } of entries) {
        assert.match(
          time,
          /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/,
          `${time} is not RFC 3339 with nine digits`,
        );
        assert.equal(partial, false);
      }
      return undefined;
    },
  },
  {
    name: 'a program has its environment, with the address of its instance where it asks for it',
    needs: 'logs',
    async act(stage) {
      const spec = stage.spec({
        containers: { main: { printEnv: ['PLAIN', 'POD_IP'] } },
        env: [
          { name: 'PLAIN', value: 'a "b" $c', secret: false },
          { name: 'POD_IP', value: podIpMarker, secret: false },
        ],
      });
      const { ref, ips } = await stage.start(spec);
      const entries = await stage.log(ref, { container: 'main', follow: true }, ({ length }) => length === 2);
      assert.deepEqual(texts(entries), ['a "b" $c', ips[0]], 'see withPodIps');
      return undefined;
    },
  },
  {
    name: 'logs: tail is counted first, then what is too old is dropped',
    needs: 'logs',
    async act(stage) {
      const program = { print: stdout('a', 'b', 'c', 'd'), printEverySeconds: 0.2, exit: { code: 0 } };
      const { ref } = await stage.run(stage.spec({ containers: { main: program } }));
      const ask = async (query: { tailLines?: number; sinceTime?: string }): Promise<string[]> =>
        texts(await stage.log(ref, { container: 'main', ...query }));
      const [, second, third] = await stage.log(ref, { container: 'main' });
      assert.ok(second && third);
      assert.deepEqual(await ask({ tailLines: 0 }), []);
      assert.deepEqual(await ask({ tailLines: 2 }), ['c', 'd']);
      assert.deepEqual(await ask({ tailLines: 100 }), ['a', 'b', 'c', 'd']);
      assert.deepEqual(await ask({ sinceTime: third.time }), ['c', 'd'], 'a line stamped at sinceTime stays');
      assert.deepEqual(await ask({ sinceTime: second.time, tailLines: 1 }), ['d']);
      assert.deepEqual(await ask({ sinceTime: third.time, tailLines: 3 }), ['c', 'd']);
      return undefined;
    },
  },
  {
    name: 'logs: follow goes on until the container ends',
    needs: 'logs',
    async act(stage) {
      const program = { print: stdout('a', 'b', 'c'), printEverySeconds: 0.3, exit: { code: 0 } };
      const { ref } = await stage.start(stage.spec({ containers: { main: program, other: {} } }));
      const entries = await stage.log(ref, { container: 'main', follow: true });
      assert.deepEqual(texts(entries), ['a', 'b', 'c']);
      return undefined;
    },
  },
  {
    name: 'logs: follow ends when its signal fires',
    needs: 'logs',
    async act(stage) {
      const { provider } = stage;
      const { ref } = await stage.start(stage.spec({ containers: { main: { print: stdout('a') } } }));
      await stage.awake(ref, 'main');
      const leave = new AbortController();
      const query = { container: 'main', previous: false, follow: true };
      const reading = (async () => {
        for await (const _entry of provider.logs?.(ref, query, leave.signal) ?? []) leave.abort();
      })();
      await within(
        stage.patience.call,
        'a followed log ends after its signal',
        reading.catch(() => undefined),
      );
      return undefined;
    },
  },
  {
    name: 'logs: previous gives the run before, and is NotFound without one',
    needs: 'logs',
    async act(stage) {
      const spec = stage.spec({
        restartPolicy: 'Always',
        containers: { main: { print: stdout('crash'), exit: { code: 1, afterSeconds: 1 } }, steady: {} },
      });
      const { ref } = await stage.create(spec);
      await stage.observation.until(
        ref,
        'has been restarted',
        stage.patience.start + stage.patience.end,
        ({ containers }) => containers.some(({ restartCount }) => restartCount > 0),
      );
      const entries = await stage.log(ref, { container: 'main', previous: true });
      assert.deepEqual(texts(entries), ['crash']);
      await rejectsAs('NotFound', stage.log(ref, { container: 'steady', previous: true }));
      return undefined;
    },
  },
  {
    name: 'logs of an unknown instance or container are NotFound',
    needs: 'logs',
    async act(stage) {
      const { ref } = await stage.start(stage.spec({ containers: { main: {} } }));
      await rejectsAs('NotFound', stage.log(ref, { container: 'no-such-container' }));
      await rejectsAs('NotFound', stage.log({ ...ref, id: 'no-such-instance' }, { container: 'main' }));
      return undefined;
    },
  },
];

function stdout(...lines: string[]): PrintedLine[] {
  return lines.map((text) => ({ stream: 'stdout', text }));
}

function texts(entries: readonly LogEntry[]): string[] {
  return entries.map(({ data }) => Buffer.from(data).toString());
}
