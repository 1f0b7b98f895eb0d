import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { access, mkdir, readFile, rename } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../telemetry/clock.ts';
import { silentLog } from '../../../telemetry/log.ts';
import { SpdyConnection, type SpdyEnd } from './connection.ts';
import type { SpdyStream } from './stream.ts';

const run = promisify(execFile);
const source = path.resolve(import.meta.dirname, '../../../../test/streaming/spdy-peer');
const hasGo = await run('go', ['version']).then(
  () => true,
  () => false,
);

/** Built once for each version of its source. */
async function peerProgram(): Promise<string> {
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.sum']) hash.update(await readFile(path.join(source, file)));
  const folder = path.join(source, '.cache');
  const program = path.join(folder, `spdy-peer-${hash.digest('hex').slice(0, 12)}`);
  const exists = await access(program).then(
    () => true,
    () => false,
  );
  if (exists) return program;
  await mkdir(folder, { recursive: true });
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off' };
  const unfinished = `${program}-${process.pid}`;
  await run('go', ['build', '-trimpath', '-o', unfinished, '.'], { cwd: source, env });
  await rename(unfinished, program);
  return program;
}

/** Serves streams by their header `do`. `ends`: in the order in which the connections came. */
function serve(ends: Promise<SpdyEnd>[]): Server {
  return createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    let echoed: SpdyStream | undefined;
    const ignored: SpdyStream[] = [];
    const deeds: Readonly<Record<string, (stream: SpdyStream) => void>> = {
      echo(stream) {
        echoed = stream;
        stream.pipe(stream);
      },
      count(stream) {
        let bytes = 0;
        stream.on('data', (piece: Buffer) => {
          bytes += piece.length;
        });
        stream.on('end', () => stream.end(`${bytes} bytes of ${stream.headers.get('streamtype')?.join()}`));
      },
      refuse: (stream) => stream.reset('REFUSED_STREAM'),
      tell: (stream) => void stream.end(echoed?.errored?.message),
      reset: (stream) => void stream.write('some words', () => stream.reset('CANCEL')),
      ignore: (stream) => void ignored.push(stream),
      output(stream) {
        for (let mebibytes = 0; mebibytes < 8; mebibytes++) stream.write(Buffer.alloc(2 ** 20));
        stream.end(() => {
          for (const one of ignored) one.reset('CANCEL');
        });
      },
      goodbye(stream) {
        stream.write(Buffer.alloc(8 * 2 ** 20));
        void connection.close();
      },
    };
    const connection = new SpdyConnection({
      ...{ clock: systemClock, log: silentLog, socket, head: Buffer.alloc(0) },
      onStream(stream) {
        const deed = stream.headers.get('do')?.[0] ?? '';
        if (deed !== 'refuse') stream.reply();
        deeds[deed]?.(stream);
      },
    });
    ends.push(connection.closed);
  });
}

test.skipIf(!hasGo)(
  'spdystream, the client of kubectl and kube-apiserver, is served (needs Go)',
  async () => {
    const program = await peerProgram();
    const ends: Promise<SpdyEnd>[] = [];
    const server = serve(ends).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const { stdout } = await run(program, [`127.0.0.1:${address.port}`]).catch(
      (error: { stdout: string }) => error,
    );
    expect(stdout.trim().split('\n')).toEqual([
      'pings: ok',
      'echo of 20 streams at once: ok',
      'half close: ok',
      'refused stream: ok',
      'reset by the client: ok',
      'reset by the server: ok',
      'output while input is stuck: ok',
      'goodbye of the server: ok',
      'goodbye of the client: ok',
    ]);
    server.close();
    await once(server, 'close');
    expect(ends).toHaveLength(9);
    expect(await ends.at(-1)).toEqual({ cause: 'client-left', message: 'the client said goodbye' });
    expect(await ends.at(-2)).toEqual({ cause: 'closed', message: 'closed by this node' });
  },
  180_000,
);
