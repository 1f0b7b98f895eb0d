import { existsSync } from 'node:fs';
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
import { fakeClouds } from './fake-clouds.ts';
import { lendContract } from './lent-contract.ts';
import { missingParts } from './provider-shape.ts';

export interface ProviderChoice {
  /** `docker`, `eci`, `fargate`, `mock`, `process`, a path that begins with `.` or `/`, or the name of a package. */
  readonly provider: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** The built-in providers. Each is loaded only when it is used. */
const builtIn: Readonly<Record<string, () => Promise<ProviderModule>>> = {
  eci: () => import('../../../providers/eci/index.ts'),
  fargate: () => import('../../../providers/fargate/index.ts'),
  ...fakeClouds,
  mock: () => import('../../../providers/mock/index.ts'),
  process: async () => supervised((await import('../../../providers/process/index.ts')).createRuntime),
  docker: async () => supervised((await import('../../../providers/docker/index.ts')).createDockerRuntime),
};

const guide = 'docs/guides/write-a-provider.md';

/**
 * Loads a provider. `stateDir` is made for it. Throws ConfigError when there is no such provider, when it is not one, and
 * when it refuses its options or this machine; an error that names the provider when it throws anything else.
 */
export async function loadProvider(
  choice: ProviderChoice,
  stateDir: string,
  log: Log,
  onProbe?: ProviderContext['onProbe'],
  shared?: ProviderContext['shared'],
): Promise<InstanceProvider> {
  const load = builtIn[choice.provider] ?? (() => importModule(choice.provider));
  const module = await load();
  if (typeof module.createProvider !== 'function') {
    throw new ConfigError(
      `provider ${choice.provider}: the module exports no function createProvider; see ${guide}`,
    );
  }
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  const context: ProviderContext = {
    options: choice.options,
    log,
    stateDir,
    ...(onProbe && { onProbe }),
    ...(shared && { shared }),
  };
  const provider = await named(choice.provider, 'createProvider', () => module.createProvider(context));
  const missing = missingParts(provider);
  if (missing.length > 0)
    throw new ConfigError(`provider ${choice.provider} lacks ${missing.join(', ')}; see ${guide}`);
  // Constant, so what it throws now it throws for ever.
  await named(choice.provider, 'capabilities', () => provider.capabilities());
  return provider;
}

/** What a call of the provider's code gives; what it throws gets the name of the provider. */
async function named<T>(name: string, call: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ProviderError) throw new ConfigError(`provider ${name}: ${error.message}`);
    if (error instanceof ConfigError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`provider ${name}: its ${call} failed: ${why}`, { cause: error });
  }
}

/** A container runtime, with the pod runner over it. */
function supervised(createRuntime: (context: ProviderContext) => ContainerRuntime): ProviderModule {
  return {
    createProvider(context) {
      const runtime = createRuntime(context);
      const { log, onProbe } = context;
      return createPodRunner({ runtime, clock: systemClock, random: Math.random, log, onProbe });
    },
  };
}

/** Relative paths and package names are looked up from the working directory, as a user means them. */
async function importModule(name: string): Promise<ProviderModule> {
  const file = name.startsWith('.') || path.isAbsolute(name) ? path.resolve(name) : packageFile(name);
  if (!existsSync(file))
    throw new ConfigError(`provider ${name} cannot be loaded: there is no file ${file}; is the path right?`);
  const takeBackContract = lendContract();
  try {
    const module: ProviderModule = await import(pathToFileURL(file).href);
    return module;
  } catch (error) {
    throw new ConfigError(`provider ${name} cannot be loaded: ${importTrouble(error, file)}`);
  } finally {
    takeBackContract();
  }
}

function packageFile(name: string): string {
  try {
    return createRequire(path.join(process.cwd(), 'package.json')).resolve(name);
  } catch (error) {
    const known = Object.keys(builtIn).join(', ');
    throw new ConfigError(
      `provider ${name} cannot be loaded: it is none of ${known}; a file is named by its path (./${name}), a package must be installed here (${firstLine(error)})`,
    );
  }
}

function importTrouble(error: unknown, file: string): string {
  const why = firstLine(error);
  // A name that another module does not export comes as a SyntaxError too.
  if (error instanceof Error && error.name === 'SyntaxError' && !why.includes('does not provide an export'))
    return `it has a syntax error (${why}); node --check ${file} says where`;
  return `it fails while it is loaded (${why})`;
}

/** The lines after the first are Node.js's own search, of no use here. */
function firstLine(error: unknown): string {
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  return line;
}
