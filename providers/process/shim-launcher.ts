import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { ProviderClock } from '../contract/clock.ts';
import { ProviderError } from '../contract/errors.ts';
import { privateFileMode, shimLogFile } from './layout.ts';
import { markerVariable, shimMarker } from './marker.ts';

/** In a clone the shim runs from its source; a build puts it at its root as `shim.js`, beside the chunks' folder. */
const entries = import.meta.url.endsWith('.ts') ? ['./shim/main.ts'] : ['./shim.js', '../shim.js'];

/** Throws ProviderError when this installation is not whole. */
export function findShimEntry(): URL {
  const urls = entries.map((entry) => new URL(entry, import.meta.url));
  const found = urls.find((url) => existsSync(url));
  if (found !== undefined) return found;
  throw new ProviderError(
    'Unsupported',
    `the program that looks after containers is missing (${urls.join(' or ')}); install the package again`,
  );
}

/** A shim's heap is a few megabytes; the limits keep a chatty container from making it more. */
const nodeFlags = [
  '--max-semi-space-size=1',
  '--max-old-space-size=64',
  '--disable-warning=ExperimentalWarning',
];

const readyTimeoutMs = 30_000;

export interface ShimLauncherDeps {
  readonly entry: URL;
  /** Compiled code of the shim; a start from it takes less memory and time. */
  readonly cacheDir: string;
  readonly clock: ProviderClock;
}

/** Starts shims, a few at a time. */
export class ShimLauncher {
  readonly #deps: ShimLauncherDeps;
  readonly #waiting: (() => void)[] = [];
  #free = availableParallelism() + 1;

  constructor(deps: ShimLauncherDeps) {
    this.#deps = deps;
  }

  /** Resolves when a shim serves the sandbox: this one, or another that was there first. */
  async launch(folder: string, mark: string): Promise<void> {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      await this.#launch(folder, mark);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free += 1;
      else next();
    }
  }

  async #launch(folder: string, mark: string): Promise<void> {
    const { entry, cacheDir, clock } = this.#deps;
    const log = openSync(path.join(folder, shimLogFile), 'a', privateFileMode);
    try {
      const child = spawn(process.execPath, [...nodeFlags, fileURLToPath(entry)], {
        cwd: folder,
        detached: true,
        env: {
          PATH: process.env.PATH ?? '',
          NODE_COMPILE_CACHE: cacheDir,
          [markerVariable]: shimMarker(mark),
        },
        stdio: ['ignore', log, log, 'pipe'],
      });
      child.unref();
      const ready = child.stdio[3] as Readable;
      await new Promise<void>((resolve, reject) => {
        const fail = (why: string): void =>
          reject(new ProviderError('Retryable', `the shim of ${folder} ${why}; see ${shimLogFile} there`));
        const cancel = clock.schedule(readyTimeoutMs, () => {
          child.kill('SIGKILL');
          fail(`was not ready within ${readyTimeoutMs / 1_000} s`);
        });
        const settle = (then: () => void): void => {
          cancel();
          ready.destroy();
          then();
        };
        ready.on('error', () => {});
        ready.once('data', () => settle(resolve));
        child.once('error', (error) => settle(() => fail(`could not be started: ${error.message}`)));
        child.once('exit', (code) => settle(code === 0 ? resolve : () => fail(`ended with code ${code}`)));
      });
    } finally {
      closeSync(log);
    }
  }
}
