import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { PassThrough, Readable, Writable } from 'node:stream';
import type { InstanceRef } from '../instance.ts';
import type { ExecRequest, ProcessStreams } from '../streams.ts';
import type { Stage } from './stage.ts';
import { within } from './within.ts';

export interface ExecOutcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, with time to start and to end. */
export async function exec(
  stage: Stage,
  ref: InstanceRef,
  command: readonly string[],
  input?: string,
): Promise<ExecOutcome> {
  const [stdout, stderr] = [new Collector(), new Collector()];
  const streams: ProcessStreams = {
    stdout,
    stderr,
    ...(input !== undefined && { stdin: Readable.from([Buffer.from(input)]) }),
  };
  const exitCode = await call(stage, ref, { command, tty: false }, streams);
  return { exitCode, stdout: stdout.text, stderr: stderr.text };
}

export function shell(script: string): readonly string[] {
  return ['/bin/sh', '-c', script];
}

/** `provider.exec` in the container `main`. */
export function call(
  stage: Stage,
  ref: InstanceRef,
  request: ExecRequest,
  streams: ProcessStreams,
  signal: AbortSignal = new AbortController().signal,
): Promise<number> {
  const { provider, patience } = stage;
  assert.ok(provider.exec, 'the provider has no exec');
  const running = provider.exec(ref, 'main', request, streams, signal);
  return within(patience.start + patience.end, `exec of ${request.command.join(' ')} settles`, running);
}

/** Takes all that is written to it, and keeps the first of it. */
export class Collector extends Writable {
  readonly #hash = createHash('sha256');
  #kept = '';
  #bytes = 0;
  #look = (): void => {};

  get text(): string {
    return this.#kept;
  }

  get bytes(): number {
    return this.#bytes;
  }

  sha256(): string {
    return this.#hash.copy().digest('hex');
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#hash.update(chunk);
    this.#bytes += chunk.length;
    if (this.#kept.length < keptLength) this.#kept += chunk.toString();
    this.#look();
    done();
  }

  /** Waits until the text holds this. */
  async until(part: string, seconds: number): Promise<void> {
    const found = new Promise<void>((resolve) => {
      this.#look = () => {
        if (this.#kept.includes(part)) resolve();
      };
      this.#look();
    });
    await within(
      seconds,
      () => `the output holds ${JSON.stringify(part)}; it was ${JSON.stringify(this.#kept)}`,
      found,
    );
  }
}

const keptLength = 10_000;

/** Input that stays open until it is ended. */
export function openInput(): PassThrough {
  return new PassThrough();
}

/** The call ends after its signal has fired, and not with a result. */
export async function endsWithSignal(stage: Stage, what: string, ended: Promise<unknown>): Promise<void> {
  const outcome = await within(
    stage.patience.call,
    `${what} settles after its signal`,
    ended.then(
      () => 'resolved',
      () => 'rejected',
    ),
  );
  assert.equal(outcome, 'rejected', `${what} resolved although its signal had fired`);
}
