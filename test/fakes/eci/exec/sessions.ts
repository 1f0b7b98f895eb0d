import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { WebSocket } from 'ws';
import type { ProviderClock } from '../../../../providers/contract/index.ts';

/** What ExecContainerCommand was asked to run. */
export interface ExecSession {
  readonly command: readonly string[];
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly environment: ReadonlyMap<string, string>;
  /** False = its image has no /bin/sh. */
  readonly hasShell: boolean;
}

/** How the next sessions end before their time: after so many bytes of output. */
export interface Cut {
  readonly afterBytes: number;
  /** `torn`: the connection breaks. `closed`: it is closed in order, as if the command had ended. */
  readonly how: 'torn' | 'closed';
}

/** An address opens once, and within so much time. */
const validMs = 30_000;

/** The sessions behind `WebSocketUri`: those that wait to be opened, and what runs in the others. */
export class ExecSessions {
  /** Of the door, `ws://127.0.0.1:PORT`. */
  address = '';
  cut: Cut | undefined;
  /** Send what would be binary messages on channel 1 as text. */
  asText = false;
  /** How many were ever opened. */
  opened = 0;
  /** Those that are. */
  readonly open = new Set<WebSocket>();
  /** The leaders of the process groups that run. */
  readonly processes = new Set<number>();
  readonly #clock: ProviderClock;
  readonly #waiting = new Map<string, { readonly session: ExecSession; readonly until: number }>();
  #folder: Promise<string> | undefined;

  constructor(clock: ProviderClock) {
    this.#clock = clock;
  }

  /** The ID of a session that may be opened. */
  announce(session: ExecSession): string {
    const now = this.#clock.now();
    for (const [id, { until }] of this.#waiting) if (until < now) this.#waiting.delete(id);
    const id = randomUUID();
    this.#waiting.set(id, { session, until: now + validMs });
    return id;
  }

  /** Undefined when there is none, none any more, or too late. */
  take(id: string): ExecSession | undefined {
    const found = this.#waiting.get(id);
    this.#waiting.delete(id);
    return found !== undefined && this.#clock.now() <= found.until ? found.session : undefined;
  }

  /** Where commands begin: an empty folder of the machine. */
  folder(): Promise<string> {
    this.#folder ??= mkdtemp(path.join(tmpdir(), 'fake-eci-'));
    return this.#folder;
  }

  /** Kills what still runs, and leaves nothing behind. */
  async close(): Promise<void> {
    for (const webSocket of this.open) webSocket.terminate();
    for (const pid of this.processes)
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // It has just ended.
      }
    const folder = await this.#folder?.catch(() => undefined);
    if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  }
}
