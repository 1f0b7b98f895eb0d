import { rmSync } from 'node:fs';
import type { Server } from 'node:net';
import { createServer } from 'node:net';
import path from 'node:path';
import type { ProviderClock } from '../../contract/clock.ts';
import { sessionsFolder } from '../layout.ts';
import { isExecMarker, isMarkedBy, markerIn } from '../marker.ts';
import { killMembers } from '../members.ts';
import type { ProcessTable } from '../process-table.ts';
import type { SessionRequest, StreamName } from '../session-protocol.ts';
import { sessionProcesses } from '../sessions-on-disk.ts';
import { attach } from './attach.ts';
import { runCommand } from './exec.ts';
import type { Run } from './run.ts';
import { SessionFifos } from './session-fifos.ts';
import { SessionPeer } from './session-peer.ts';
import { listenPrivately, toWire } from './socket.ts';
import type { Supervisor } from './supervisor.ts';

export interface SessionServerDeps {
  /** The sandbox's, absolute. */
  readonly folder: string;
  readonly supervisor: Supervisor;
  readonly table: ProcessTable;
  readonly clock: ProviderClock;
}

/** The shim's side of exec and attach: one connection is one session (session-protocol.ts). */
export class SessionServer {
  readonly #deps: SessionServerDeps;
  readonly #server: Server;
  #count = 0;

  constructor(deps: SessionServerDeps) {
    this.#deps = deps;
    this.#server = createServer(
      { allowHalfOpen: true },
      (socket) => void this.#serve(new SessionPeer(socket)),
    );
  }

  listen(path: string): Promise<void> {
    return listenPrivately(this.#server, path);
  }

  /** The connection is closed when nothing of the session is left. */
  async #serve(peer: SessionPeer): Promise<void> {
    try {
      const request = await peer.request;
      const run = this.#deps.supervisor.running(request.containerId);
      peer.send({ ended: await this.#converse(run, request, peer) });
    } catch (error) {
      peer.send({ error: toWire(error) });
    } finally {
      peer.close();
    }
  }

  async #converse(run: Run, request: SessionRequest, peer: SessionPeer): Promise<number> {
    const { folder: sandbox, table, clock } = this.#deps;
    this.#count += 1;
    const folder = path.join(sandbox, sessionsFolder, String(this.#count));
    const streams = offered(run, request);
    const fifos = new SessionFifos(folder, streams);
    try {
      peer.onEof = () => fifos.endInput();
      peer.send({ opened: { folder, streams } });
      await peer.go;
      fifos.handOver();
      if (request.exec !== undefined)
        return await runCommand(run, request.exec, fifos, peer, { folder, table, clock });
      await attach(run, fifos, peer);
      return 0;
    } finally {
      fifos.close();
    }
  }
}

/** What there is of the streams that are asked for. */
function offered(run: Run, { exec, streams }: SessionRequest): StreamName[] {
  const isTerminal = exec?.tty ?? run.record.tty ?? false;
  const hasInput = exec !== undefined || run.input !== undefined;
  return streams.filter((name) => (name === 'stdin' ? hasInput : !(isTerminal && name === 'stderr')));
}

/**
 * Nobody can speak any more with the commands that a lost shim has left: they are killed. The shim may have been lost
 * before it had noted one down; then the marker tells.
 */
export async function endLostSessions(folder: string, mark: string, table: ProcessTable): Promise<void> {
  const noted = sessionProcesses(folder).map((record) => record.process);
  const marked = table
    .list()
    .filter((entry) => !entry.ended && entry.session === entry.id.pid)
    .filter((entry) => {
      const marker = markerIn(table.environment(entry.id.pid)) ?? '';
      return isMarkedBy(marker, mark) && isExecMarker(marker);
    });
  const leaders = [...noted, ...marked.map((entry) => entry.id)];
  if (leaders.length > 0) await killMembers(table, { leaders }, 1);
  rmSync(path.join(folder, sessionsFolder), { recursive: true, force: true });
}
