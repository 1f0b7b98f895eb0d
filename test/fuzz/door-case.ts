import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { clientMessage } from '../../src/kubelet/streaming/testing/raw-websocket.ts';
import type { ScriptedCall } from '../../src/kubelet/streaming/testing/scripted-provider.ts';
import type { StreamServer } from '../../src/kubelet/streaming/testing/stream-server.ts';
import type { SeededRandom } from './random.ts';

const patienceMs = 10_000;
const paths = [
  '/exec/default/web-0/main?command=cat&input=1&output=1&error=1',
  '/exec/default/web-0/main?command=flood&command=3000000&output=1',
  '/exec/default/web-0/tty?command=sizes&command=3&input=1&output=1&tty=1',
  '/exec/default/web-0/main?command=broken&output=1',
  '/attach/default/web-0/input?input=1&output=1',
  '/portForward/default/web-0?port=1&port=2',
  '/run/default/web-0/main?cmd=exit%203',
  '/exec/default/nobody/main?command=cat&output=1',
] as const;
const protocols = [
  ...['v5.channel.k8s.io', 'v4.channel.k8s.io', 'channel.k8s.io', 'base64.channel.k8s.io'],
  ...['v4.base64.channel.k8s.io', 'SPDY/3.1+portforward.k8s.io', 'portforward.k8s.io', 'nonsense'],
] as [string, ...string[]];

/**
 * One client that speaks HTTP and WebSocket, or almost, and leaves. Throws when the server does not let go of the
 * connection, of a session or of a call to the provider. Says what the server answered first.
 */
export async function doorCase(
  random: SeededRandom,
  { port, sessions }: StreamServer,
  calls: () => readonly ScriptedCall[],
): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' });
  let answer = '';
  socket.on('error', () => undefined);
  socket.on('data', (data) => {
    if (answer === '') answer = data.toString('latin1').slice(0, 12);
  });
  await once(socket, 'connect');
  if (random.chance(8)) socket.write(random.bytes(random.integer(5_000)));
  else await converse(random, socket);
  // Most clients hear the answer before they leave.
  for (let i = random.pick([0, 50, 50, 50]); i > 0 && answer === '' && !socket.closed; i--) await moment();
  if (random.chance(3)) socket.pause();
  for (let i = random.integer(4); i > 0; i--) await turn();
  if (random.chance(2)) socket.end();
  for (let i = random.integer(30); i > 0 && !socket.closed; i--) await moment();
  socket.destroy();
  await within(
    'sessions',
    until(() => Object.values(sessions.open()).every((open) => open === 0)),
  );
  await within(
    'calls',
    until(() => calls().every(({ settled }) => settled)),
  );
  return answer === '' ? 'nothing' : answer;
}

/** A request, whole or broken, then messages, whole or broken. */
async function converse(random: SeededRandom, socket: Socket): Promise<void> {
  const upgrade = random.pick(['websocket', 'websocket', 'websocket', 'SPDY/3.1', 'h2c']);
  const head = [
    `${random.pick(['GET', 'GET', 'GET', 'GET', 'GET', 'POST', 'PUT'])} ${random.pick(paths)} HTTP/1.1`,
    'Host: node',
    'Connection: Upgrade',
    `Upgrade: ${upgrade}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==',
    `${upgrade === 'websocket' ? 'Sec-WebSocket-Protocol' : 'X-Stream-Protocol-Version'}: ${random.pick(protocols)}`,
  ].filter(() => !random.chance(40));
  write(random, socket, Buffer.from(`${head.join('\r\n')}\r\n\r\n`), 30);
  for (let messages = random.integer(20); messages > 0 && !socket.destroyed; messages--) {
    const channel = random.pick([0, 0, 0, 1, 3, 4, 9, 255]);
    const payload = random.bytes(random.pick([0, 1, 2, 40, 5_000]));
    if (random.chance(3))
      payload.write(JSON.stringify({ Width: random.integer(9), Height: 'x' }).slice(0, payload.length));
    const message = clientMessage(
      Buffer.concat([Buffer.from([channel]), payload]),
      random.pick([2, 2, 2, 2, 1, 0, 8, 9, 10, 15]),
    );
    write(random, socket, message, 8);
    if (random.chance(3)) await turn();
  }
}

/** One time in `oneIn` a byte is another, or the end is missing. */
function write(random: SeededRandom, socket: Socket, bytes: Buffer, oneIn: number): void {
  const sent = Buffer.from(bytes);
  if (random.chance(oneIn)) sent[random.integer(sent.length)] = random.integer(256);
  socket.write(random.chance(oneIn) ? sent.subarray(0, random.integer(sent.length)) : sent);
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}

async function until(so: () => boolean): Promise<void> {
  while (!so()) await moment();
}

async function within<T>(what: string, work: Promise<T>): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${what}: not over after ${patienceMs} ms`)), patienceMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
