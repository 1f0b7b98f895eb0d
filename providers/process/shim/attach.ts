import type { Socket } from 'node:net';
import { fifoSocket } from './fifo.ts';
import type { Run } from './run.ts';
import type { SessionFifos } from './session-fifos.ts';
import type { SessionPeer } from './session-peer.ts';

/** Connects a session with the first process of a run, until that has ended and its output was passed on, or the runtime leaves. */
export async function attach(run: Run, fifos: SessionFifos, peer: SessionPeer): Promise<void> {
  const take = (name: 'stdin' | 'stdout' | 'stderr'): Socket | undefined => {
    const fd = fifos.take(name);
    return fd === undefined ? undefined : fifoSocket(fd, name === 'stdin' ? 'read' : 'write');
  };
  const [stdin, stdout, stderr] = [take('stdin'), take('stdout'), take('stderr')];
  const outputs = [stdout, stderr].filter((output) => output !== undefined);
  for (const output of outputs) output.on('error', () => {});
  peer.onSize = (size) => void run.resize(size);
  if (peer.size !== undefined) await run.resize(peer.size);
  const leave = run.show({ stdout, stderr });
  if (stdin !== undefined) run.input?.take(stdin);
  try {
    await Promise.race([run.settled, fired(peer.gone)]);
    leave();
    if (!peer.gone.aborted) await Promise.race([Promise.all(outputs.map(flushed)), fired(peer.gone)]);
  } finally {
    leave();
    for (const output of outputs) output.destroy();
    // What was sent is read to its end: the last words of a session that leaves are not lost.
    fifos.endInput();
    if (!run.isRunning) stdin?.destroy();
  }
}

function flushed(output: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (output.destroyed) return resolve();
    output.once('close', () => resolve());
    output.end(() => output.destroy());
  });
}

function fired(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
