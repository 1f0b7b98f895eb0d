import { tmpdir } from 'node:os';
import { payloadBytes, payloadTypes } from '../../../../providers/fargate/ssm/message.ts';
import { StartFailure } from '../../../../providers/process/shim/executable.ts';
import { spawnInTerminal, type Terminal } from '../../../../providers/process/shim/terminal.ts';
import { AgentLink } from './agent-link.ts';
import { splitWords } from './split-words.ts';
import { Utf8Gate } from './utf8-gate.ts';

export interface ExecAgentDeps {
  readonly command: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Comes on the terminal before all that the command writes. */
  readonly banner: string;
  /** The cluster wants its sessions encrypted with this key. */
  readonly kmsKeyId: string | undefined;
  /** Why the file cannot be executed in this image. */
  trouble(file: string): string | undefined;
  send(message: Buffer): void;
  /** The session is over; the reason is empty when the command has ended. */
  onEnd(reason: string): void;
}

const agentVersion = '3.3.1611.0';
const successful = 1;

/** The agent in a container: shakes hands with the client, and runs a real command of this machine on a terminal. */
export class ExecAgent {
  readonly link: AgentLink;
  readonly #deps: ExecAgentDeps;
  #terminal: Terminal | undefined;
  #pid: number | undefined;
  #ended = false;

  constructor(deps: ExecAgentDeps) {
    this.#deps = deps;
    this.link = new AgentLink({
      send: (message) => deps.send(message),
      receive: (type, payload) => this.#receive(type, payload),
    });
    this.#say(payloadTypes.handshakeRequest, {
      AgentVersion: agentVersion,
      RequestedClientActions: [
        {
          ActionType: 'SessionType',
          ActionParameters: { SessionType: 'InteractiveCommands', Properties: { commands: deps.command } },
        },
        ...(deps.kmsKeyId === undefined
          ? []
          : [{ ActionType: 'KMSEncryption', ActionParameters: { KMSKeyId: deps.kmsKeyId } }]),
      ],
    });
  }

  /** Hangs up on the command. Says nothing: who ends it knows. */
  kill(): void {
    this.#ended = true;
    this.link.close();
    this.#terminal?.stream.destroy();
    // The terminal is hung up when its last holder closes it, and a helper that sets its size may still be one.
    if (this.#pid !== undefined) hangUp(this.#pid);
  }

  async #receive(type: number, payload: Buffer): Promise<boolean> {
    if (type === payloadTypes.handshakeResponse) {
      this.#onResponse(payload);
      return true;
    }
    if (this.#terminal === undefined) return false;
    const { stream } = this.#terminal;
    if (type === payloadTypes.size) {
      const { cols, rows }: { cols: number; rows: number } = JSON.parse(payload.toString());
      await this.#terminal.resize({ width: cols, height: rows });
    } else if (type === payloadTypes.output && !stream.destroyed && !stream.write(payload))
      await new Promise<void>((resolve) => {
        stream.once('drain', resolve).once('close', resolve);
      });
    return true;
  }

  #onResponse(payload: Buffer): void {
    const { ProcessedClientActions: actions }: { ProcessedClientActions: ProcessedAction[] } = JSON.parse(
      payload.toString(),
    );
    const failed = actions.find(({ ActionStatus }) => ActionStatus !== successful);
    if (failed !== undefined) {
      const { ActionType, ActionStatus, Error: text } = failed;
      this.#end(
        `Handshake failed: ${ActionType} failed on client with status ${ActionStatus} error: ${text}`,
      );
      return;
    }
    this.#say(payloadTypes.handshakeComplete, { HandshakeTimeToComplete: 1_000_000, CustomerMessage: '' });
    void this.#run();
  }

  async #run(): Promise<void> {
    try {
      const argv = splitWords(this.#deps.command);
      const trouble = this.#deps.trouble(argv[0] ?? '');
      if (trouble !== undefined)
        return this.#end(`Unable to start command: Failed to start pty: ${trouble}\n`);
      const { terminal, pid } = await spawnInTerminal({
        argv,
        workingDir: tmpdir(),
        environment: {
          PATH: process.env.PATH ?? '/usr/bin:/bin',
          LANG: 'C.UTF-8',
          ...this.#deps.environment,
          TERM: 'xterm-256color',
        },
      });
      if (this.#ended) {
        terminal.stream.destroy();
        return hangUp(pid);
      }
      this.#terminal = terminal;
      this.#pid = pid;
      if (this.#deps.banner !== '') this.link.say(payloadTypes.output, Buffer.from(this.#deps.banner));
      await this.#copyOutput(terminal);
      await this.link.heardOut();
      this.#end('');
    } catch (error) {
      const text = error instanceof StartFailure ? `fork/exec: ${error.message}` : String(error);
      this.#end(`Unable to start command: Failed to start pty: ${text}\n`);
    }
  }

  async #copyOutput({ stream }: Terminal): Promise<void> {
    const gate = new Utf8Gate();
    try {
      for await (const chunk of stream as AsyncIterable<Buffer>)
        for (let start = 0; start < chunk.length; start += payloadBytes) {
          const text = gate.pass(chunk.subarray(start, start + payloadBytes));
          await this.link.room();
          if (this.#ended) return;
          if (text.length > 0) this.link.say(payloadTypes.output, text);
        }
    } catch {
      // EIO: nobody has the other side open any more.
    }
  }

  #say(payloadType: number, content: object): void {
    this.link.say(payloadType, Buffer.from(JSON.stringify(content)));
  }

  #end(reason: string): void {
    if (this.#ended) return;
    this.kill();
    this.#deps.onEnd(reason);
  }
}

interface ProcessedAction {
  readonly ActionType: string;
  readonly ActionStatus: number;
  readonly Error: string;
}

/** All of the session on the terminal. */
function hangUp(pid: number): void {
  try {
    process.kill(-pid, 'SIGHUP');
  } catch {
    // It has ended.
  }
}
