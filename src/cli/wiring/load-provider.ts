import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type ContainerRuntime,
  type InstanceProvider,
  type ProviderContext,
  ProviderError,
  type ProviderModule,
} from '../../../providers/contract/index.ts';
import { ConfigError } from '../../config/settings.ts';
import { createPodRunner } from '../../podrunner/create-pod-runner.ts';
import { systemClock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { lendContract } from './lent-contract.ts';

export interface ProviderChoice {
  /** `docker`, `mock`, `process`, a path that begins with `.` or `/`, or the name of a package. */
  readonly provider: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The built-in providers. Each is loaded only when it is used. */
const builtIn: Readonly<Record<string, () => Promise<ProviderModule>>> = {
  mock: () => import('../../../providers/mock/index.ts'),
  process: async () => supervised((await import('../../../providers/process/index.ts')).createRuntime),
  docker: async () => supervised((await import('../../../providers/docker/index.ts')).createDockerRuntime),
};

/**
 * Loads a provider. `stateDir` is made for it. Throws ConfigError when there is no such provider, when it is not one, and
 * when it refuses its options or this machine.
 */
export async function loadProvider(
  choice: ProviderChoice,
  stateDir: string,
  log: Log,
): Promise<InstanceProvider> {
  const load = builtIn[choice.provider] ?? (() => importModule(choice.provider));
  const module = await load();
  if (typeof module.createProvider !== 'function') {
    throw new ConfigError(
      `provider ${choice.provider}: the module exports no function createProvider; see docs/guides/write-a-provider.md`,
    );
  }
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const context: ProviderContext = { options: choice.options, log, stateDir };
  try {
    return await module.createProvider(context);
  } catch (error) {
    if (error instanceof ProviderError)
      throw new ConfigError(`provider ${choice.provider}: ${error.message}`);
    throw error;
  }
}

/** A container runtime, with the pod runner over it. */
function supervised(createRuntime: (context: ProviderContext) => ContainerRuntime): ProviderModule {
  return {
    createProvider(context) {
      const runtime = createRuntime(context);
      return createPodRunner({ runtime, clock: systemClock, random: Math.random, log: context.log });
    },
  };
}

/** Relative paths and package names are looked up from the working directory, as a user means them. */
async function importModule(name: string): Promise<ProviderModule> {
  const isPath = name.startsWith('.') || path.isAbsolute(name);
  const takeBackContract = lendContract();
  try {
    const file = isPath
      ? path.resolve(name)
      : createRequire(path.join(process.cwd(), 'package.json')).resolve(name);
    const module: ProviderModule = await import(pathToFileURL(file).href);
    return module;
  } catch (error) {
    const known = Object.keys(builtIn).join(', ');
    const hint = isPath
      ? 'is the path right?'
      : `it is none of ${known}; a file is named by its path (./${name}), a package must be installed here`;
    // The lines after the first are Node.js's own search, of no use here.
    const [why] = (error instanceof Error ? error.message : String(error)).split('\n');
    throw new ConfigError(`provider ${name} cannot be loaded: ${hint} (${why})`);
  } finally {
    takeBackContract();
  }
}
