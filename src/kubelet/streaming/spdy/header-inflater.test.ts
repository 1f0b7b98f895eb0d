import { once } from 'node:events';
import { constants, createDeflate, type Deflate, deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dictionary, dictionaryId } from './dictionary.ts';
import { SessionError } from './errors.ts';
import { HeaderInflater } from './header-inflater.ts';
import { ClientFrames } from './testing/client-frames.ts';

async function deflated(zlib: Deflate, block: Buffer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const take = (chunk: Buffer): void => void chunks.push(chunk);
  zlib.on('data', take);
  zlib.write(block);
  await new Promise<void>((resolve) => zlib.flush(constants.Z_SYNC_FLUSH, resolve));
  zlib.off('data', take);
  return Buffer.concat(chunks);
}

test('the dictionary is that of SPDY/3: zlib names it by the same number', () => {
  expect(dictionary).toHaveLength(1423);
  expect(deflateSync('', { dictionary }).readUInt32BE(2)).toBe(dictionaryId);
});

const block = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 300 }),
  fc.integer({ min: 1, max: 50_000 }).map((length) => Buffer.alloc(length, 'streamtype stdin ')),
);

test('reads what a deflate of zlib writes that lives as long as the connection', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(block, { maxLength: 8 }),
      fc.integer({ min: 0, max: 9 }),
      fc.integer({ min: 0, max: 4 }),
      async (blocks, level, strategy) => {
        const zlib = createDeflate({ dictionary, level, strategy });
        const inflater = new HeaderInflater(64 * 1024);
        for (const bytes of blocks.map((one) => Buffer.from(one)))
          expect(inflater.inflate(await deflated(zlib, bytes)).equals(bytes)).toBe(true);
        zlib.close();
        await once(zlib, 'close');
      },
    ),
    { numRuns: 40 },
  );
});

test('a block that inflates to more than is allowed is given up', () => {
  const bomb = new ClientFrames().deflate(Buffer.alloc(8 * 1024 * 1024));
  expect(bomb.length).toBeLessThan(16 * 1024);
  expect(() => new HeaderInflater(64 * 1024).inflate(bomb)).toThrow('headers of more than 65536 bytes');
});

test.each([
  ['nothing', ''],
  ['no zlib header', '0000ffff'],
  ['another method than deflate', '79fae3c6a7c20000ffff'],
  ['no dictionary', '789c000000ffff'],
  ['another dictionary', '78f9000000010000ffff'],
  ['an invalid block', '78f9e3c6a7c2ff0000ffff'],
  ['no flush', '78f9e3c6a7c2000400fbff00000000'],
])('%s ends the session', (_, hex) => {
  expect(() => new HeaderInflater(1024).inflate(Buffer.from(hex, 'hex'))).toThrow(SessionError);
});
