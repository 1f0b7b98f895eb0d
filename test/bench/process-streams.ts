/**
 * What exec and port-forward of the process provider carry, against the same bytes without them, and what cuts leave behind:
 *
 *     node test/bench/process-streams.ts [--mib 200] [--rounds 3] [--cuts 500] [--seed 1]
 *
 * Exit code 1 when a byte is wrong, a cut is taken for a success, or something is left.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream, existsSync, readdirSync } from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { duplexPair, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import {
  command,
  Harness,
  markedProcesses,
  never,
  temporaryState,
} from '../../providers/process/testing/harness.ts';

const { values } = parseArgs({
  options: {
    mib: { type: 'string', default: '200' },
    rounds: { type: 'string', default: '3' },
    cuts: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
  },
});
const [mib, rounds, cuts, seed] = [values.mib, values.rounds, values.cuts, values.seed].map(Number) as [
  number,
  number,
  number,
  number,
];

const chunk = Buffer.from(Uint8Array.from({ length: 65_536 }, (_, index) => (index * 7) % 251));
const chunks = mib * 16;
const sha256 = digestOf(chunks);
/** Writes the same bytes as {@link source}. */
const producer = `
  const chunk = Buffer.from(Uint8Array.from({ length: 65536 }, (_, index) => (index * 7) % 251));
  for (let index = 0; index < ${chunks}; index += 1)
    for (let at = 0; at < chunk.length;) at += require("node:fs").writeSync(1, chunk, at);`;
const node = process.execPath;
const echo = `
  const server = require('node:net').createServer({ allowHalfOpen: true }, (socket) => socket.pipe(socket).on('error', () => {}));
  server.listen(0, process.env.POD_IP, () => console.log(server.address().port));`;

let isWrong = false;

function check(what: string, holds: boolean): void {
  if (holds) return;
  console.error(`WRONG: ${what}`);
  isWrong = true;
}

function digestOf(count: number): string {
  const hash = createHash('sha256');
  for (let index = 0; index < count; index += 1) hash.update(chunk);
  return hash.digest('hex');
}

function source(count = chunks): Readable {
  let sent = 0;
  return new Readable({
    read() {
      this.push(sent++ < count ? chunk : null);
    },
  });
}

class Digest extends Writable {
  readonly #hash = createHash('sha256');
  text = '';

  override _write(data: Buffer, _encoding: string, done: () => void): void {
    this.#hash.update(data);
    if (this.text.length < 1_000) this.text += data.toString('latin1');
    done();
  }

  hex(): string {
    return this.#hash.digest('hex');
  }
}

async function timed(what: string, bytes: number, work: () => Promise<void>): Promise<number> {
  const before = performance.now();
  await work();
  const rate = bytes / 2 ** 20 / ((performance.now() - before) / 1_000);
  console.log(`  ${what.padEnd(28)} ${rate.toFixed(0).padStart(5)} MiB/s`);
  return rate;
}

function random(state: number): () => number {
  let now = state;
  return () => {
    now = (now * 1_103_515_245 + 12_345) % 2 ** 31;
    return now / 2 ** 31;
  };
}

const state = temporaryState();
const harness = new Harness(state.folder, 'bench');
const sandbox = await harness.sandbox('bench');
const server = await harness.start(sandbox, command('main', ['node', '-e', echo]));
const [port = '0'] = await harness.log(sandbox, server, {}, /\d/);
const [ip = ''] = sandbox.ips;
const folder = path.join(state.folder, 'sandboxes', sandbox.id);
const exec = (argv: readonly string[], streams: object, signal = never): Promise<number> =>
  harness.runtime.exec(sandbox.id, server.id, { command: argv, tty: false }, streams, signal);

/** The same bytes through a pipe of the shell, to a program that looks at them. */
async function shellPipe(from: string): Promise<void> {
  const child = spawn('sh', ['-c', `${from} | sha256sum`], { stdio: ['ignore', 'pipe', 'inherit'] });
  const digest = new Digest();
  await pipeline(child.stdout, digest);
  check('the shell pipe', digest.text.startsWith(sha256));
}

/** Bytes through a connection and back; half of the rate is one way. */
async function roundTrip(client: Duplex): Promise<void> {
  const digest = new Digest();
  await Promise.all([pipeline(source(), client), pipeline(client, digest)]);
  check('what came back through the port', digest.hex() === sha256);
}

const data = path.join(state.folder, 'data');
await pipeline(source(), createWriteStream(data));
const rates: Record<string, number[]> = { out: [], in: [], forward: [] };
const peak = { before: 0, after: 0 };
for (let round = 1; round <= rounds; round += 1) {
  console.log(`round ${round} of ${rounds}, ${mib} MiB each`);
  const plainOut = await timed('out, sh -c pipe', mib * 2 ** 20, () => shellPipe(`${node} -e '${producer}'`));
  peak.before = Math.max(peak.before, process.memoryUsage().rss);
  const execOut = await timed('out, exec', mib * 2 ** 20, async () => {
    const digest = new Digest();
    check('exit code', (await exec([node, '-e', producer], { stdout: digest })) === 0);
    check('output of exec', digest.hex() === sha256);
  });
  const plainIn = await timed('in, sh -c pipe', mib * 2 ** 20, () => shellPipe(`cat ${data}`));
  const execIn = await timed('in, exec', mib * 2 ** 20, async () => {
    const digest = new Digest();
    check('exit code', (await exec(['sha256sum'], { stdin: source(), stdout: digest })) === 0);
    check('input of exec', digest.text.startsWith(sha256));
  });
  const direct = await timed('there and back, TCP', mib * 2 ** 20, async () => {
    await roundTrip(connect({ host: ip, port: Number(port), allowHalfOpen: true }));
  });
  const forwarded = await timed('there and back, forwarded', mib * 2 ** 20, async () => {
    const [client, connection] = duplexPair();
    await Promise.all([
      roundTrip(client),
      harness.runtime.portForward(sandbox.id, Number(port), connection, never),
    ]);
  });
  rates.out?.push(execOut / plainOut);
  rates.in?.push(execIn / plainIn);
  rates.forward?.push(forwarded / direct);
  peak.after = Math.max(peak.after, process.memoryUsage().rss);
}
for (const [what, shares] of Object.entries(rates)) {
  const median = shares.toSorted((a, b) => a - b)[Math.floor(shares.length / 2)] ?? 0;
  console.log(`${what}: ${(100 * median).toFixed(0)} % of the same without it (median)`);
}
console.log(
  `resident: ${(peak.before / 2 ** 20).toFixed(0)} MiB before, at most ${(peak.after / 2 ** 20).toFixed(0)} MiB with exec`,
);

const next = random(seed);
const mark = server.id.slice(0, server.id.indexOf('-'));
await setTimeout(1_000);
const descriptors = readdirSync('/proc/self/fd').length;
const shimDescriptors = (): number => {
  const [shim] = markedProcesses(mark).filter((pid) => pid !== 0);
  return shim === undefined ? 0 : readdirSync(`/proc/${shim}/fd`).length;
};
const shimBefore = shimDescriptors();
let [successes, finished] = [0, 0];
const started = performance.now();
for (let cut = 0; cut < cuts; cut += 1) {
  const abort = new AbortController();
  const limit = Math.floor(next() * 2_000_000);
  const kind = Math.floor(next() * 4);
  let bytes = 0;
  const stdout = new Writable({
    write(data: Buffer, _encoding, done) {
      bytes += data.length;
      if (bytes >= limit) strike();
      done();
    },
  });
  const stdin = source(48);
  /** By the signal, by the client's input or output, or by time. */
  const strike = (): void => {
    if (kind === 0 || kind === 3) abort.abort();
    else if (kind === 1) stdin.destroy(new Error('cut'));
    else stdout.destroy();
  };
  if (kind === 3) void setTimeout(Math.floor(next() * 30)).then(strike);
  const argv = kind === 3 ? ['sh', '-c', 'cat; (sleep 1000; echo) & wait; sleep 1000'] : ['cat'];
  try {
    const code = await exec(argv, { stdin, stdout }, abort.signal);
    finished += 1;
    if (code === 0) successes += 1;
  } catch {
    // As it should be.
  }
  stdin.destroy();
  stdout.destroy();
}
const seconds = ((performance.now() - started) / 1_000).toFixed(1);
await setTimeout(1_000);
const sessions = path.join(folder, 'sessions');
const left = existsSync(sessions) ? readdirSync(sessions).length : 0;
const processes = markedProcesses(mark).length - 2;
const after = readdirSync('/proc/self/fd').length;
console.log(
  `${cuts} cuts (seed ${seed}) in ${seconds} s: ${successes} successes, ${finished} with a code; left: ${processes} processes, ${left} sessions, ${after - descriptors} descriptors here, ${shimDescriptors() - shimBefore} in the shim`,
);
check('a cut was a success', successes === 0);
check(
  'something is left',
  processes === 0 && left === 0 && after <= descriptors && shimDescriptors() <= shimBefore,
);
await harness.removeAll();
await harness.close();
await state.remove();
process.exitCode = isWrong ? 1 : 0;
