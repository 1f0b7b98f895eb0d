import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import type { Duplex } from 'node:stream';
import { duplexPair } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { InstanceRef } from '../../instance.ts';
import type { CaseDefinition } from '../case.ts';
import { rejectsAs } from '../errors.ts';
import type { Stage } from '../stage.ts';
import { endsWithSignal } from '../streams.ts';
import { within } from '../within.ts';

/** Nothing else of an instance listens there. */
const port = 17_017;
const closedPort = 17_018;

export const portForwardCases: readonly CaseDefinition[] = [
  {
    name: 'port-forward: bytes pass both ways, and so does their end',
    needs: 'portForward',
    async act(stage) {
      const ref = await begin(stage);
      const data = randomBytes(1_000_000);
      assert.ok((await echo(stage, ref, data)).equals(data), 'what came back is not what was sent');
      return undefined;
    },
  },
  {
    name: 'port-forward: connections do not mix',
    needs: 'portForward',
    async act(stage) {
      const ref = await begin(stage);
      const sent = Array.from({ length: 5 }, () => randomBytes(50_000));
      const received = await Promise.all(sent.map((data) => echo(stage, ref, data)));
      for (const [index, data] of sent.entries()) assert.ok(received[index]?.equals(data));
      return undefined;
    },
  },
  {
    name: 'port-forward: where nobody listens the call rejects, and the connection is over',
    needs: 'portForward',
    async act(stage) {
      const { ref } = await stage.start(stage.spec({ containers: { main: {} } }));
      const { connection, ended } = forward(stage, ref, closedPort);
      const outcome = await within(
        stage.patience.call,
        'port-forward settles',
        ended.then(
          () => 'resolved',
          (error: unknown) => String(error),
        ),
      );
      assert.notEqual(outcome, 'resolved');
      assert.match(outcome, /refused/i, 'the error does not say that the connection was refused');
      assert.ok(connection.destroyed, 'the connection is left open');
      return undefined;
    },
  },
  {
    name: 'port-forward: its signal ends it',
    needs: 'portForward',
    async act(stage) {
      const ref = await begin(stage);
      const abort = new AbortController();
      const { client, connection, ended } = forward(stage, ref, port, abort.signal);
      client.write('x');
      await within(
        stage.patience.start,
        'the echo of a byte',
        new Promise((resolve) => client.once('data', resolve)),
      );
      abort.abort();
      await endsWithSignal(stage, 'port-forward', ended);
      assert.ok(connection.destroyed, 'the connection is left open');
      return undefined;
    },
  },
  {
    name: 'port-forward to an unknown instance is NotFound',
    needs: 'portForward',
    async act(stage) {
      const { ref } = await stage.start(stage.spec({ containers: { main: {} } }));
      await rejectsAs('NotFound', forward(stage, { ...ref, id: 'no-such-instance' }, port).ended);
      return undefined;
    },
  },
];

/** An instance whose server answers. */
async function begin(stage: Stage): Promise<InstanceRef> {
  const { ref } = await stage.start(stage.spec({ containers: { main: { echoesPort: port } } }));
  const deadline = performance.now() + stage.patience.start * 1000;
  for (;;) {
    try {
      await echo(stage, ref, Buffer.from('?'));
      return ref;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}

function forward(
  stage: Stage,
  ref: InstanceRef,
  to: number,
  signal = new AbortController().signal,
): { readonly client: Duplex; readonly connection: Duplex; readonly ended: Promise<void> } {
  const { portForward } = stage.provider;
  assert.ok(portForward, 'the provider has no portForward');
  const [client, connection] = duplexPair();
  for (const side of [client, connection]) side.on('error', () => {});
  const ended = portForward.call(stage.provider, ref, to, connection, signal);
  ended.catch(() => client.destroy());
  return { client, connection, ended };
}

async function echo(stage: Stage, ref: InstanceRef, data: Buffer): Promise<Buffer> {
  const { client, ended } = forward(stage, ref, port);
  client.end(data);
  const all = Promise.all([buffer(client), ended]);
  all.catch(() => {});
  // The reason why the call failed says more than that the connection broke.
  await within(stage.patience.start, 'port-forward ends with both directions', ended);
  return (await all)[0];
}
