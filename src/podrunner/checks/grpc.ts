import http2 from 'node:http2';

const maxAnswerBytes = 4096;
const serving = 1;

/**
 * grpc.health.v1.Health/Check over plain HTTP/2 (pkg/probe/grpc). The two messages are small enough to be written and
 * read here: the request holds one string (field 1), the answer one enum (field 1). Rejects unless it is SERVING.
 */
export async function grpcCheck(
  host: string,
  port: number,
  service: string,
  signal: AbortSignal,
): Promise<void> {
  const session = http2.connect(`http://${host.includes(':') ? `[${host}]` : host}:${port}`);
  try {
    const { grpcStatus, body } = await exchange(session, service, signal);
    if (grpcStatus !== '0') throw new Error(`health check failed with gRPC status ${grpcStatus}`);
    const status = servingStatus(body);
    if (status !== serving) throw new Error(`service unhealthy (status ${status}, not SERVING)`);
  } finally {
    session.destroy();
  }
}

function exchange(
  session: http2.ClientHttp2Session,
  service: string,
  signal: AbortSignal,
): Promise<{ grpcStatus: string; body: Buffer }> {
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    const stream = session.request(
      {
        ':method': 'POST',
        ':path': '/grpc.health.v1.Health/Check',
        'content-type': 'application/grpc',
        te: 'trailers',
        'user-agent': 'kube-probe/1.36',
      },
      { signal },
    );
    const chunks: Buffer[] = [];
    let bytes = 0;
    let grpcStatus = '';
    const note = (headers: http2.IncomingHttpHeaders): void => {
      const status = headers['grpc-status'];
      if (typeof status === 'string') grpcStatus = status;
    };
    stream.on('response', (headers) => {
      note(headers);
      if (headers[':status'] !== 200) reject(new Error(`not a gRPC server (HTTP ${headers[':status']})`));
    });
    stream.on('trailers', note);
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) reject(new Error('the health answer is too long'));
      else chunks.push(chunk);
    });
    stream.on('end', () => resolve({ grpcStatus, body: Buffer.concat(chunks) }));
    stream.on('error', reject);
    stream.on('close', () => reject(new Error('the connection was closed')));
    const name = Buffer.from(service);
    const message =
      name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, ...varint(name.length)]), name]);
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(message.length, 1);
    stream.end(Buffer.concat([frame, message]));
  });
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 0x80) return [...bytes, rest];
    bytes.push((rest & 0x7f) | 0x80);
  }
}

/** Reads field 1 of the one message in a gRPC frame; 0 (UNKNOWN) is what protobuf leaves out. */
function servingStatus(frame: Buffer): number {
  const message = frame.subarray(5);
  return message[0] === 0x08 ? (message[1] ?? 0) : 0;
}
