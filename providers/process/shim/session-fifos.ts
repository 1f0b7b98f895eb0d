import { closeSync, constants, mkdirSync, openSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ProviderError } from '../../contract/errors.ts';
import { privateFolderMode } from '../layout.ts';
import type { StreamName } from '../session-protocol.ts';
import { makeFifos } from './fifo.ts';

/**
 * The FIFOs of one session, and the shim's ends of them. Both ends are held here until the runtime has opened its own, so
 * that no opening waits or fails, in whatever order the two come.
 */
export class SessionFifos {
  readonly #folder: string;
  /** For the process, or for the shim in its place: to read input, to write output. */
  readonly #inner: Partial<Record<StreamName, number>> = {};
  /** The runtime's side of them, until it has opened its own. */
  readonly #outer: Partial<Record<StreamName, number>> = {};

  /** `folder` is made, and removed by {@link close}. */
  constructor(folder: string, names: readonly StreamName[]) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true, mode: privateFolderMode });
    try {
      const paths = names.map((name) => path.join(folder, name));
      if (names.length > 0 && !makeFifos(paths))
        throw new ProviderError('Unsupported', 'the machine has no mkfifo, which exec and attach need');
      for (const name of names) this.#open(name);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** The descriptor to give to a process. It stays open here until {@link close} or {@link take}. */
  inner(name: StreamName): number | undefined {
    return this.#inner[name];
  }

  /** The same, from now on the caller's to close. */
  take(name: StreamName): number | undefined {
    const fd = this.#inner[name];
    delete this.#inner[name];
    return fd;
  }

  /** The runtime has opened its ends. Input keeps its own: only {@link endInput} ends it, not the loss of the runtime. */
  handOver(): void {
    for (const name of ['stdout', 'stderr'] as const) this.#close(this.#outer, name);
  }

  endInput(): void {
    this.#close(this.#outer, 'stdin');
  }

  closeInner(): void {
    for (const name of ['stdin', 'stdout', 'stderr'] as const) this.#close(this.#inner, name);
  }

  close(): void {
    this.closeInner();
    this.handOver();
    this.endInput();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #open(name: StreamName): void {
    const file = path.join(this.#folder, name);
    if (name !== 'stdin') {
      this.#outer[name] = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
      this.#inner[name] = openSync(file, constants.O_WRONLY);
      return;
    }
    const both = openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      this.#inner.stdin = openSync(file, constants.O_RDONLY);
      this.#outer.stdin = openSync(file, constants.O_WRONLY | constants.O_NONBLOCK);
    } finally {
      closeSync(both);
    }
  }

  #close(ends: Partial<Record<StreamName, number>>, name: StreamName): void {
    const fd = ends[name];
    delete ends[name];
    if (fd !== undefined) closeSync(fd);
  }
}
