import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { ProviderClock } from '../contract/clock.ts';
import { wallClock } from '../contract/clock.ts';
import { ProviderError } from '../contract/errors.ts';
import type { ProviderLog } from '../contract/provider.ts';
import { privateFolderMode } from './layout.ts';
import { readProcessOptions } from './options.ts';
import { createProcessTable } from './process-table.ts';
import type { ProcessLimits } from './runtime.ts';
import { ProcessRuntime } from './runtime.ts';
import { SandboxStore } from './sandbox-store.ts';
import { findShimEntry, ShimLauncher } from './shim-launcher.ts';
import { findTerminalHelper } from './terminal-helper.ts';

export interface ProcessRuntimeOptions extends Partial<ProcessLimits> {
  /** Belongs to this runtime and survives restarts. Several daemons may share it. */
  readonly stateDir: string;
  readonly log: ProviderLog;
  /** The shim's entry point, where it is not beside the runtime. */
  readonly shimEntry?: URL;
  readonly clock?: ProviderClock;
  readonly random?: () => number;
}

/** Throws ProviderError where host processes cannot be run like this. */
export function createProcessRuntime(options: ProcessRuntimeOptions): ProcessRuntime {
  const { stateDir, log, clock = wallClock, random = Math.random, shimEntry = findShimEntry() } = options;
  const { instances, logMaxBytes, logMaxFiles } = { ...readProcessOptions({}), ...options };
  if (process.platform !== 'linux' && process.platform !== 'darwin')
    throw new ProviderError(
      'Unsupported',
      `the process provider needs Linux or macOS, this is ${process.platform}; use another provider`,
    );
  const cacheDir = path.resolve(stateDir, 'shim-cache');
  mkdirSync(cacheDir, { recursive: true, mode: privateFolderMode });
  const store = new SandboxStore(stateDir);
  store
    .sweep(clock.now())
    .catch((error: unknown) =>
      log.warn({ err: error, stateDir }, 'leftovers of a crash could not be removed'),
    );
  const launcher = new ShimLauncher({
    entry: shimEntry,
    cacheDir,
    clock,
  });
  return new ProcessRuntime({
    store,
    launcher,
    table: createProcessTable(),
    clock,
    random,
    log,
    limits: { instances, logMaxBytes, logMaxFiles },
    hasTerminals: findTerminalHelper() !== undefined,
  });
}
