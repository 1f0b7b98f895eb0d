import { open } from 'node:fs/promises';
import type { Engine } from '../engine/engine.ts';
import { readFrames } from '../engine/frames.ts';
import type { InspectedContainer } from '../engine/shapes.ts';
import type { Labelled } from '../pod/labels.ts';
import type { PodFolders } from '../pod/pod-folder.ts';
import { parseRecord } from './log-records.ts';

/** The kubelet's bounds (pkg/kubelet/container/runtime.go). */
const maxMessageBytes = 4096;
const maxLogBytes = 2048;
const maxLogLines = 80;

type ContainerLabels = Extract<Labelled, { role: 'container' }>;

export function messageFile(container: string, run: number): string {
  return `messages/${container}-${run}`;
}

/**
 * Why a run could not be started; '' where that is not known. Docker puts it beside the container. Podman does not: then it
 * was written down in the place of the message that it did not come to leave.
 */
export async function readRefusal(
  { folders }: { readonly folders: PodFolders },
  { State }: InspectedContainer,
  labels: ContainerLabels,
): Promise<string> {
  if (State.Status !== 'created') return '';
  return State.Error || endOfFile(fileOf(folders, labels), maxMessageBytes);
}

/** What an ended run has left to say: the end of its message file, or of its log where the Pod wants that. */
export async function readTerminationMessage(
  deps: { readonly engine: Engine; readonly folders: PodFolders },
  { Id, State, Config }: InspectedContainer,
  labels: ContainerLabels,
  signal: AbortSignal,
): Promise<string> {
  const message = await endOfFile(fileOf(deps.folders, labels), maxMessageBytes);
  if (message !== '' || labels.messagePolicy !== 'FallbackToLogsOnError' || State.ExitCode === 0)
    return message;
  const chunks = await deps.engine.logs(Id, { follow: false, tail: maxLogLines }, signal);
  const lines: Buffer[] = [];
  if (Config.Tty) for await (const chunk of chunks) lines.push(Buffer.from(chunk));
  else
    for await (const { data } of readFrames(chunks)) {
      const record = parseRecord(data);
      if (record !== undefined) lines.push(record.data, Buffer.from(record.partial ? '' : '\n'));
    }
  return Buffer.concat(lines).subarray(-maxLogBytes).toString();
}

function fileOf(folders: PodFolders, { sandboxId, name, run }: ContainerLabels): string {
  return folders.at(sandboxId, messageFile(name, run));
}

/** '' when there is no such file: the container, or the engine on another machine, has none. */
async function endOfFile(file: string, bytes: number): Promise<string> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return '';
  try {
    const { size } = await handle.stat();
    const buffer = Buffer.alloc(Math.min(bytes, size));
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, size - buffer.length);
    return buffer.subarray(0, bytesRead).toString();
  } finally {
    await handle.close();
  }
}
