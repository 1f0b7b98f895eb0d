import fc from 'fast-check';
import { expect, test } from 'vitest';
import { spdyCase } from '../../../../test/fuzz/spdy-case.ts';
import { settle } from '../../../telemetry/fake-clock.ts';
import { ClientFrames, data, ping } from './testing/client-frames.ts';
import { Session } from './testing/session.ts';

test('broken clients and careless owners of streams leave nothing behind', async () => {
  const ends = new Set<string>();
  for (let seed = 1; seed <= 200; seed++) ends.add(await spdyCase(seed));
  expect([...ends].sort()).toEqual(['client-left', 'closed', 'destroyed', 'idle', 'protocol-error']);
});

const act = fc.record({
  kind: fc.constantFrom('open' as const, 'data' as const, 'ping' as const),
  stream: fc.nat({ max: 5 }),
  text: fc.string({ maxLength: 30 }),
  fin: fc.boolean(),
});

test('a session is the same however its bytes are cut', async () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 });
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 12 }), sizes, async (acts, lengths) => {
      const client = new ClientFrames();
      const opened: number[] = [];
      const frames = acts.map(({ kind, stream, text, fin }) => {
        if (kind === 'ping') return ping(stream * 2 + 1);
        if (kind === 'data') return data(opened[stream] ?? 99, text, fin);
        opened.push(opened.length * 2 + 1);
        return client.synStream(opened.length * 2 - 1, { text }, fin ? 1 : 0);
      });
      const bytes = Buffer.concat(frames);
      const chunks: Buffer[] = [];
      for (let at = 0, turn = 0; at < bytes.length; turn++) {
        const length = lengths[turn % lengths.length] ?? 1;
        chunks.push(bytes.subarray(at, at + length));
        at += length;
      }
      expect(await played(chunks)).toEqual(await played([bytes]));
    }),
    { numRuns: 50 },
  );
});

/** All that is seen of a session from both ends. */
async function played(chunks: readonly Buffer[]): Promise<unknown> {
  const seen: string[] = [];
  const session = new Session({
    onStream(stream) {
      seen.push(`${stream.id} ${stream.headers.get('text')}`);
      const read: string[] = [];
      stream.reply();
      stream.on('data', (piece: Buffer) => read.push(piece.toString('latin1')));
      stream.on('close', () => seen.push(`${stream.id} closes after ${read.join('')}`));
      stream.on('end', () => stream.end());
    },
  });
  for (const chunk of chunks) session.socket.feed(chunk);
  await settle(6);
  session.connection.destroy(new Error('over'));
  await settle();
  return { seen: seen.sort(), sent: session.socket.frames().sort() };
}
