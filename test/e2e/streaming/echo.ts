import { once } from 'node:events';
import net from 'node:net';
import { type Bulk, bulk, Digest } from './bulk.ts';

/** Sends, ends its side, and reads until the other side has ended. */
export async function echo(port: number, bytes: number): Promise<Bulk> {
  const socket = net.connect({ host: '127.0.0.1', port, allowHalfOpen: true });
  const digest = new Digest();
  socket.on('data', (data) => digest.take(data));
  const ended = once(socket, 'end');
  bulk(bytes).pipe(socket);
  await ended;
  return digest.value;
}
