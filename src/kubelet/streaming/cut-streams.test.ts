import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChannelClient } from './testing/channel-client.ts';
import { CuttingProxy } from './testing/cutting-proxy.ts';
import { ScriptedProvider } from './testing/scripted-provider.ts';
import { connectSpdy } from './testing/spdy-client.ts';
import { type StreamServer, startStreamServer } from './testing/stream-server.ts';

const script = new ScriptedProvider();
let server: StreamServer;
let proxy: CuttingProxy;
let port: number;

beforeAll(async () => {
  server = await startStreamServer({ provider: script.provider() });
  proxy = new CuttingProxy(server.port);
  port = await proxy.listen();
});
afterAll(async () => {
  proxy.close();
  await server.close();
});

/** What a client saw of a session before its connection ended. */
interface Seen {
  readonly output: string;
  /** As it came, whole or not. */
  readonly status: string;
}

interface Run {
  readonly command: readonly string[];
  readonly input: string;
  /** What a whole session looks like; undefined = it does not succeed. */
  readonly output: string | undefined;
}

type Random = (below: number) => number;

function seeded(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function randomRun(random: Random): Run {
  const size = random(1_500);
  const input = 'i'.repeat(size);
  const runs: Run[] = [
    { command: ['cat'], input, output: input },
    { command: ['flood', String(size)], input: '', output: 'f'.repeat(size) },
    { command: ['exit', '0'], input, output: '' },
    { command: ['exit', '3'], input, output: undefined },
    { command: ['broken'], input, output: undefined },
  ];
  return runs[random(runs.length)] as Run;
}

function pathOf({ command }: Run): string {
  const words = command.map((word) => `command=${word}`).join('&');
  return `/exec/default/web-0/main?${words}&input=1&output=1`;
}

async function overWebSocket(run: Run): Promise<Seen> {
  const client = new ChannelClient(`ws://127.0.0.1:${port}${pathOf(run)}`, 'v5.channel.k8s.io');
  client.webSocket.once('open', () => {
    client.send(0, run.input);
    client.send(255, Uint8Array.of(0));
  });
  await client.closed;
  return { output: client.text(1), status: client.text(3) };
}

async function overSpdy(run: Run): Promise<Seen> {
  const client = await connectSpdy(port, pathOf(run), 'v4.channel.k8s.io').catch(() => undefined);
  if (client === undefined) return { output: '', status: '' };
  const [error = 0, stdin = 0, stdout = 0] = client.openAll('error', 'stdin', 'stdout');
  client.data(stdin, run.input, true);
  await Promise.race([client.closed, client.happened('goaway')]);
  client.socket.destroy();
  return { output: client.text(stdout), status: client.text(error) };
}

test('a stream that is cut anywhere never reports success, and leaves no call behind', {
  timeout: 60_000,
}, async () => {
  const random = seeded(20_261_122);
  let successes = 0;
  let unheard = 0;
  for (let index = 0; index < 500; index++) {
    const run = randomRun(random);
    proxy.cut = { direction: random(2) === 0 ? 'toServer' : 'toClient', bytes: 1 + random(2_600) };
    script.calls.length = 0;
    const { output, status } = await (random(2) === 0 ? overWebSocket(run) : overSpdy(run));
    if (status.endsWith('}') && JSON.parse(status).status === 'Success') {
      successes++;
      expect(output).toBe(run.output);
    } else if (status === '') unheard++;
    while (Object.values(server.sessions.open()).some((open) => open > 0)) await setImmediate();
    for (const { settled, signal, input } of script.calls) {
      expect({ run, settled, aborted: signal.aborted }).toEqual({ run, settled: true, aborted: true });
      // A command must not take half of its input for all of it.
      if (input.ended) expect(input.bytes).toBe(run.input.length);
    }
  }
  // Both must happen, or nothing was tried.
  expect(successes).toBeGreaterThan(50);
  expect(unheard).toBeGreaterThan(50);
});
