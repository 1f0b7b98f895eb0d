import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Bulk, Digest } from './bulk.ts';

/** What kubectl speaks to the API server: since 1.31 WebSocket, before that SPDY. */
export type Carrier = 'WebSocket' | 'SPDY';

export interface Ended extends Bulk {
  readonly code: number;
  /** The beginning of stdout. */
  readonly out: string;
  readonly err: string;
}

export interface Session {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Of stdout so far. */
  out(): string;
  err(): string;
  say(text: string): void;
}

/** The unmodified kubectl in one namespace. */
export class Kubectl {
  readonly #kubeconfig: string;
  readonly #namespace: string;
  readonly #carrier: Carrier;

  constructor(kubeconfig: string, namespace: string, carrier: Carrier) {
    this.#kubeconfig = kubeconfig;
    this.#namespace = namespace;
    this.#carrier = carrier;
  }

  get environment(): NodeJS.ProcessEnv {
    const webSocket = String(this.#carrier === 'WebSocket');
    return {
      ...process.env,
      KUBECONFIG: this.#kubeconfig,
      KUBECTL_REMOTE_COMMAND_WEBSOCKETS: webSocket,
      KUBECTL_PORT_FORWARD_WEBSOCKETS: webSocket,
    };
  }

  /** Runs to its end. `input` becomes stdin; without it there is none. */
  run(args: readonly string[], input?: string | Readable): Promise<Ended> {
    const session = this.start(args);
    const { stdin } = session.child;
    if (stdin !== null)
      // A command may end before it has read everything.
      pipeline(typeof input === 'object' ? input : Readable.from([input ?? '']), stdin).catch(
        () => undefined,
      );
    return session.ended;
  }

  /** `command` stands before the arguments: a program that runs kubectl. */
  start(args: readonly string[], command: readonly string[] = ['kubectl']): Session {
    const [file = '', ...before] = command;
    const child = spawn(file, [...before, '--namespace', this.#namespace, ...args], {
      env: this.environment,
    });
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('close', () => process.off('exit', kill));
    const out = new Digest();
    let err = '';
    child.stdout.on('data', (data: Buffer) => out.take(data));
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    const ended = once(child, 'close').then(([code]) => ({ code, ...out.value, out: out.text, err }));
    return {
      child,
      ended,
      out: () => out.text,
      err: () => err,
      say: (text) => void child.stdin.write(text),
    };
  }
}
