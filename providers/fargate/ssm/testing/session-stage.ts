import { ECS } from '@aws-sdk/client-ecs';
import { type FakeEcs, startFakeEcs } from '../../../../test/fakes/ecs/index.ts';
import { type ProviderClock, wallClock } from '../../../contract/index.ts';
import { Budgets } from '../../api/budgets.ts';
import { EcsApi } from '../../api/ecs-api.ts';
import { quickFake } from '../../testing/quick.ts';
import { DataChannel } from '../data-channel.ts';
import { openSession } from '../open-session.ts';
import { type Session, SessionApi } from '../session-api.ts';
import { signerOf } from '../signer.ts';
import { startTask } from './start-task.ts';

const [region, cluster] = ['us-east-1', 'burstlet'];

/** A fake cloud in which one task runs that takes commands, and the client side in front of it. */
export class SessionStage {
  readonly fake: FakeEcs;
  readonly api: EcsApi;
  readonly sessions: SessionApi;
  readonly task: string;
  readonly warnings: string[] = [];
  readonly #ecs: ECS;
  readonly #clock: ProviderClock;

  private constructor(fake: FakeEcs, ecs: ECS, task: string, clock: ProviderClock) {
    this.fake = fake;
    this.#clock = clock;
    this.task = task;
    this.#ecs = ecs;
    this.api = new EcsApi({ ecs, budgets: new Budgets(this.#clock), place: { region, cluster } });
    this.sessions = new SessionApi({ sign: signerOf(ecs, region) });
  }

  /** The time of the client runs so many times as fast. */
  static async start({ enableExecuteCommand = true, times = 10 } = {}): Promise<SessionStage> {
    const fake = await startFakeEcs(quickFake);
    const ecs = new ECS({ region, endpoint: fake.endpoint, credentials: { ...fake.credentials } });
    const task = await startTask(ecs, cluster, enableExecuteCommand);
    const stage = new SessionStage(fake, ecs, task, fastClock(times));
    await until(() => fake.cloud.task(stage.task).lastStatus === 'RUNNING');
    return stage;
  }

  get exec(): FakeEcs['cloud']['exec'] {
    return this.fake.cloud.exec;
  }

  get signal(): AbortSignal {
    return AbortSignal.timeout(15_000);
  }

  /** A command of a shell on a terminal that passes bytes as they are. */
  shell(script: string): Promise<DataChannel> {
    return this.open(`/bin/sh -c 'stty raw -echo; ${script}'`);
  }

  async open(command: string, signal: AbortSignal = this.signal): Promise<DataChannel> {
    const channel = await openSession(
      { ecs: this.api, sessions: this.sessions, ...this.#tools },
      { task: this.task, container: 'main', command },
      signal,
    );
    if (!(channel instanceof DataChannel)) throw new Error('no data channel');
    return channel;
  }

  /** The channel of a session that something else serves. */
  openAt(session: Session, signal: AbortSignal = this.signal): Promise<DataChannel> {
    return DataChannel.open(session, { api: this.sessions, ...this.#tools }, signal);
  }

  /** How often an action of the cloud was called with this result. */
  calls(action: string, result = 'ok'): number {
    return this.fake.cloud.calls.of(action).filter((call) => call.result === result).length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ecs.destroy();
    await this.fake.close();
  }

  get #tools() {
    const silent = { debug() {}, info() {}, error() {} };
    const warn = (fields: object, message: string): void => {
      this.warnings.push(`${message} ${JSON.stringify(fields)}`);
    };
    return { clock: this.#clock, random: Math.random, log: { ...silent, warn } };
  }
}

function fastClock(times: number): ProviderClock {
  const start = Date.now();
  return {
    now: () => start + (Date.now() - start) * times,
    schedule: (ms, callback) => wallClock.schedule(ms / times, callback),
  };
}

export async function until(holds: () => boolean): Promise<void> {
  for (const giveUpAt = Date.now() + 15_000; !holds(); ) {
    if (Date.now() > giveUpAt) throw new Error(`never: ${holds}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Everything until the end. */
export async function all(channel: DataChannel): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of channel.output) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads on until the output has this; returns what came. */
export async function readUntil(reader: AsyncIterator<Buffer, void>, wanted: string): Promise<string> {
  const parts: string[] = [];
  let end = '';
  while (!end.includes(wanted)) {
    const { done, value } = await reader.next();
    if (done === true || value === undefined) throw new Error(`the output ended without ${wanted}: ${end}`);
    parts.push(value.toString());
    end = end.slice(-wanted.length) + parts.at(-1);
  }
  return parts.join('');
}
