import { once } from 'node:events';
import { request } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ChannelClient } from '../streaming/testing/channel-client.ts';
import { type ScriptedCall, ScriptedProvider } from '../streaming/testing/scripted-provider.ts';
import { type StreamServer, startStreamServer } from '../streaming/testing/stream-server.ts';

const script = new ScriptedProvider();
let server: StreamServer;

beforeAll(async () => {
  server = await startStreamServer({ provider: script.provider() });
});
beforeEach(() => {
  script.calls.length = 0;
});
afterAll(() => server.close());

function nextCall(): Promise<ScriptedCall> {
  return new Promise((resolve) => {
    script.onCall = resolve;
  });
}

async function aborted({ signal }: ScriptedCall): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

describe('attach', () => {
  async function attach(container: string, streams: string) {
    const called = nextCall();
    const client = new ChannelClient(
      `ws://127.0.0.1:${server.port}/attach/default/web-0/${container}?${streams}`,
      'v5.channel.k8s.io',
    );
    await client.opened();
    return { client, call: await called };
  }

  test('takes input and terminal from the container, not from the client', async () => {
    const everything = 'input=1&output=1&error=1';
    const main = await attach('main', everything);
    expect(Object.keys(main.call.streams).sort()).toEqual(['stderr', 'stdout']);
    // Nobody reads it; yet it must not stop the connection.
    for (let sent = 0; sent < 16; sent++) main.client.send(0, Buffer.alloc(65_536));
    main.client.webSocket.close();
    await aborted(main.call);

    const input = await attach('input', everything);
    expect(Object.keys(input.call.streams).sort()).toEqual(['stderr', 'stdin', 'stdout']);
    const tty = await attach('tty', everything);
    expect(Object.keys(tty.call.streams).sort()).toEqual(['stdin', 'stdout']);
    const sized = await attach('tty', 'output=1&tty=1');
    expect(Object.keys(sized.call.streams).sort()).toEqual(['sizes', 'stdout']);
    for (const { client } of [input, tty, sized]) client.webSocket.terminate();
  });

  test('reports success when the process has ended, and no exit code', async () => {
    const { client } = await attach('input', 'input=1&output=1');
    client.send(0, 'hello');
    client.send(255, Uint8Array.of(0));
    expect(await client.status()).toEqual({ metadata: {}, status: 'Success' });
    expect(client.text(1)).toBe('hello');
  });
});

describe('run', () => {
  async function run(cmd: string, method = 'POST'): Promise<[number, string, string | null]> {
    const response = await fetch(`http://127.0.0.1:${server.port}/run/default/web-0/main?cmd=${cmd}`, {
      method,
    });
    return [response.status, await response.text(), response.headers.get('content-type')];
  }

  test('answers with all output of a command', async () => {
    expect(await run('print+out+err')).toEqual([200, 'outerr', 'application/json']);
    expect(script.calls[0]).toMatchObject({
      command: ['print', 'out', 'err'],
      container: 'main',
      tty: false,
    });
  });

  test('answers 500 when it fails, is lost or says too much', async () => {
    expect((await run('print+o+e+3')).slice(0, 2)).toEqual([500, 'command exited with 3: oe']);
    expect((await run('broken')).slice(0, 2)).toEqual([
      500,
      'error executing command in container: the connection to the instance was lost',
    ]);
    expect((await run('flood+20000000')).slice(0, 2)).toEqual([
      500,
      'error executing command in container: the output is longer than 16777216 bytes',
    ]);
  });

  test('ends with its client', async () => {
    const called = nextCall();
    const sent = request({ port: server.port, path: '/run/default/web-0/main?cmd=silent', method: 'POST' });
    sent.on('error', () => undefined);
    sent.end();
    const call = await called;
    sent.destroy();
    await aborted(call);
  });

  test('wants a command, and POST', async () => {
    const at = async (path: string, method: string) =>
      (await fetch(`http://127.0.0.1:${server.port}${path}`, { method })).status;
    expect(await at('/run/default/web-0/main', 'POST')).toBe(400);
    expect(await at('/run/default/web-0/main?cmd=exit+0', 'GET')).toBe(404);
    expect(await at('/run/default/web-0/old?cmd=exit+0', 'POST')).toBe(500);
    expect(await at('/run/default/web-0/uid-1/main?cmd=exit+0', 'POST')).toBe(200);
  });
});
