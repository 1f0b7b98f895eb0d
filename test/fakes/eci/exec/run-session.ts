import type { Readable, Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import type { TerminalSize } from '../../../../providers/contract/index.ts';
import type { Spawned } from '../../../../providers/process/shim/spawn.ts';
import { spawnProcess } from '../../../../providers/process/shim/spawn.ts';
import { spawnInTerminal } from '../../../../providers/process/shim/terminal.ts';
import type { ExecSession, ExecSessions } from './sessions.ts';
import { Wire } from './wire.ts';

const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

interface Started extends Spawned {
  readonly input: Writable | undefined;
  readonly outputs: readonly { readonly channel: number; readonly stream: Readable }[];
  resize(size: TerminalSize): void;
}

/**
 * Runs the command on this machine, with the environment of the container. The client that leaves ends its input, and
 * nothing else.
 */
export async function runSession(
  session: ExecSession,
  webSocket: WebSocket,
  sessions: ExecSessions,
): Promise<void> {
  const wire = new Wire(webSocket, sessions);
  // A client must not talk before there is somebody to listen.
  webSocket.pause();
  let started: Started;
  try {
    started = await start(session, await sessions.folder());
  } catch (error) {
    webSocket.resume();
    const why = error instanceof Error ? error.message : String(error);
    await wire.send(3, Buffer.from(`error executing command in container: ${why}`));
    return wire.close();
  }
  const { pid, exited, input, outputs, resize } = started;
  sessions.processes.add(pid);
  input?.on('error', () => wire.drained()).on('drain', () => wire.drained());
  wire.listen({
    typed: (bytes) => input === undefined || input.destroyed || input.write(bytes),
    sized: resize,
    left: () => {
      if (!session.tty) input?.end();
    },
  });
  webSocket.resume();
  // So that old clients know that the connection stands.
  await wire.send(1, Buffer.alloc(0));
  const passed = outputs.map(async ({ channel, stream }) => {
    try {
      for await (const chunk of stream) if (!(await wire.send(channel, chunk))) return;
    } catch {
      // A terminal whose last process has gone ends with an error.
    }
  });
  const { code } = await exited;
  sessions.processes.delete(pid);
  await Promise.all(passed);
  if (code !== 0)
    await wire.send(
      3,
      Buffer.from(
        `command terminated with non-zero exit code: error executing command [${session.command.join(' ')}], exit code ${code}`,
      ),
    );
  wire.close();
}

async function start(
  { command, tty, stdin, environment, hasShell }: ExecSession,
  folder: string,
): Promise<Started> {
  const [name = ''] = command;
  if (!hasShell && /^(.*\/)?(ba|da|a)?sh$/.test(name))
    throw new Error(
      `OCI runtime exec failed: exec failed: unable to start container process: exec: "${name}": stat ${name}: no such file or directory: unknown`,
    );
  const wanted = {
    argv: command,
    workingDir: folder,
    environment: { PATH: usualPath, HOME: folder, ...Object.fromEntries(environment) },
  };
  if (tty) {
    const { terminal, ...spawned } = await spawnInTerminal(wanted);
    const { stream } = terminal;
    return {
      ...spawned,
      input: stdin ? stream : undefined,
      outputs: [{ channel: 1, stream }],
      resize: (size) => void terminal.resize(size),
    };
  }
  const spawned = await spawnProcess(wanted, [stdin ? 'pipe' : 'ignore', 'pipe', 'pipe']);
  const { stdin: input, stdout, stderr } = spawned.pipes ?? {};
  if (!stdout || !stderr) throw new Error('a process without pipes');
  return {
    ...spawned,
    input: input ?? undefined,
    outputs: [
      { channel: 1, stream: stdout },
      { channel: 2, stream: stderr },
    ],
    resize: () => undefined,
  };
}
