import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import type { ProcessStreams } from '../../providers/contract/index.ts';

/** Both outputs of a process, kept; `until` resolves when the text of both together matches. */
export class Kept {
  readonly stdout = new Writable({ write: (data: Buffer, _e, done) => this.#take('out', data, done) });
  readonly stderr = new Writable({ write: (data: Buffer, _e, done) => this.#take('err', data, done) });
  out = '';
  err = '';
  #look = (): void => {};

  async until(pattern: RegExp): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#look = () => pattern.test(this.out + this.err) && resolve();
      this.#look();
    });
  }

  #take(name: 'out' | 'err', data: Buffer, done: () => void): void {
    this[name] += data.toString('latin1');
    this.#look();
    done();
  }
}

/** Input that is typed bit by bit. */
export function typed(): PassThrough {
  return new PassThrough();
}

export function streams(kept: Kept, more: Partial<ProcessStreams> = {}): ProcessStreams {
  return { stdout: kept.stdout, stderr: kept.stderr, ...more };
}

/** Two ends of one connection over loopback, each of which can be ended alone. */
export async function connectionPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const near = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [far] = await accepted;
  server.close();
  return [near, far];
}
