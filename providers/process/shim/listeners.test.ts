import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { addressesOf, listeningAddresses, parseListening } from './listeners.ts';

const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1 0000000000000000 100 0 0 10 0
   1: 0302017F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 102 1 0000000000000000 100 0 0 10 0
   2: 0100007F:1F90 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 103 1 0000000000000000 100 0 0 10 0
`;

test('only listening sockets are read', () => {
  expect(parseListening(table)).toEqual([
    { address: '0100007F', port: 8080, inode: '101' },
    { address: '0302017F', port: 8080, inode: '102' },
  ]);
  expect(parseListening('')).toEqual([]);
});

describe('the addresses to try, in order', () => {
  const own = '0302017F';
  const wildcard6 = '0'.repeat(32);
  const loopback6 = `${'0'.repeat(24)}01000000`;
  test.each<[string[], string[]]>([
    [[], []],
    [[own], ['127.1.2.3']],
    [['7F010203'], ['127.1.2.3']],
    [['0100007F'], ['127.0.0.1']],
    [
      ['0100007F', own],
      ['127.1.2.3', '127.0.0.1'],
    ],
    [['00000000'], ['127.1.2.3', '::1']],
    [[wildcard6], ['127.1.2.3', '::1']],
    [[loopback6], ['::1']],
    [['0B02000A'], []],
  ])('%j', (addresses, expected) => {
    const sockets = addresses.map((address) => ({ address, port: 80, inode: '1' }));
    expect(addressesOf(sockets, '127.1.2.3')).toEqual(expected);
  });
});

test.skipIf(process.platform !== 'linux')('a port of another process does not count', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  expect(listeningAddresses(port, '127.1.2.3', [process.pid])).toEqual(['127.0.0.1']);
  expect(listeningAddresses(port, '127.1.2.3', [1, 2 ** 22 - 1])).toEqual([]);
  server.close();
});
