import 'reflect-metadata';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RuntimeContainer, SandboxState } from '../../providers/contract/index.ts';
import { Dockerd, whyNoDockerd } from './dockerd.ts';
import { testEngine } from './engine.ts';
import { isLacking } from './engine-kinds.ts';
import { forever, Harness, never, shell } from './harness.ts';
import { connectionPair, Kept, streams } from './stream-ends.ts';

const names = ['DOCKER_HOST', 'DOCKER_CERT_PATH', 'DOCKER_TLS_VERIFY'] as const;
const before = names.map((name) => [name, process.env[name]] as const);

/** Here the end of a stream is a message of TLS, and not of the kernel. */
describe.skipIf(isLacking('tls') || whyNoDockerd() !== undefined)('streams of an engine behind TLS', () => {
  let folder = '';
  let dockerd: Dockerd | undefined;
  let harness: Harness;
  let sandbox: SandboxState;
  let run: RuntimeContainer;

  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'burstlet-tls-'));
    await writeCertificates(folder);
    const address = `tcp://127.0.0.1:${await freePort()}`;
    const files = ['ca', 'cert', 'key'].map(
      (name) => `--tls${name === 'ca' ? 'cacert' : name}=${folder}/${name}.pem`,
    );
    dockerd = await Dockerd.start([`--host=${address}`, '--tlsverify', ...files]);
    Object.assign(process.env, {
      DOCKER_HOST: address,
      DOCKER_CERT_PATH: folder,
      DOCKER_TLS_VERIFY: '1',
    });
    const engine = await testEngine();
    if (typeof engine === 'string') throw new Error(engine);
    await engine.close();
    harness = new Harness('tls');
    sandbox = await harness.sandbox('tls');
    run = await harness.start(sandbox, shell('main', forever));
  });
  afterAll(async () => {
    await harness?.end();
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    await dockerd?.end();
    rmSync(folder, { recursive: true });
  });

  it('a command gets the end of its input, and gives all of its output after it', async () => {
    const kept = new Kept();
    const bytes = Buffer.alloc(3_000_000, 'some text ');
    const command = ['sh', '-c', 'sha256sum; seq 1 100000; echo end >&2; exit 3'];
    const ends = streams(kept, { stdin: Readable.from([bytes]) });
    const code = await harness.runtime.exec(sandbox.id, run.id, { command, tty: false }, ends, never);
    expect([code, kept.err]).toEqual([3, 'end\n']);
    const lines = kept.out.split('\n');
    expect(lines[0]).toBe(`${createHash('sha256').update(bytes).digest('hex')}  -`);
    expect(lines.slice(-2)).toEqual(['100000', '']);
  });

  it('a process that is attached to gets the end of its input too', async () => {
    const script = 'cat; echo closed; sleep 0.2; echo end';
    const main = shell('once', script, { stdin: true, stdinOnce: true });
    const once = await harness.start(sandbox, main);
    const kept = new Kept();
    const ends = streams(kept, { stdin: Readable.from(['text\n']) });
    await harness.runtime.attach(sandbox.id, once.id, ends, never);
    expect(kept.out).toBe('text\nclosed\nend\n');
  });

  it('a port gets the end of what is sent to it', async () => {
    const serving = await harness.start(
      sandbox,
      shell('server', 'nc -ll -p 8080 -e cat & sleep 0.3; echo ready; wait'),
    );
    await harness.log(sandbox, serving, { follow: true }, /ready/);
    const bytes = Buffer.alloc(500_000, 'bytes ');
    const [near, far] = await connectionPair();
    const forwarded = harness.runtime.portForward(sandbox.id, 8080, far, never);
    near.end(bytes);
    expect((await buffer(near)).equals(bytes)).toBe(true);
    await forwarded;
  });
});

/** One certificate for both sides, as DOCKER_CERT_PATH wants them. */
async function writeCertificates(folder: string): Promise<void> {
  const signingAlgorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await crypto.subtle.generateKey(signingAlgorithm, true, ['sign', 'verify']);
  const { serverAuth, clientAuth } = x509.ExtendedKeyUsage;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=engine',
    signingAlgorithm,
    keys,
    extensions: [
      new x509.ExtendedKeyUsageExtension([serverAuth, clientAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: 'ip', value: '127.0.0.1' }]),
    ],
  });
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey);
  for (const name of ['ca.pem', 'cert.pem'])
    writeFileSync(path.join(folder, name), certificate.toString('pem'));
  writeFileSync(path.join(folder, 'key.pem'), x509.PemConverter.encode(key, 'PRIVATE KEY'));
}

function freePort(): Promise<number> {
  const server = createServer();
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    }),
  );
}
