import type { EngineVisit } from '../../../providers/docker/index.ts';
import { ConfigError } from '../../config/settings.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ProviderChoice } from './load-provider.ts';

export interface ChosenProvider extends ProviderChoice {
  /** Why it is this one, for the sentence after its name: `no Docker engine answers at ...`. */
  readonly why: string;
  /** What to run where an image is needed: it has Node.js and a shell. Absent = commands of this machine are run. */
  readonly image?: string;
  /** Takes away what stays at the platform when all instances are gone. Never rejects. */
  leave(): Promise<void>;
}

export interface ChooseDeps {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Tells the user what takes its time. */
  readonly say: (line: string) => void;
}

export interface Wish {
  /** What the user has named; absent = docker where it can be had, else process. */
  readonly provider?: string | undefined;
  readonly options?: Readonly<Record<string, unknown>>;
  /** The image has to be there, also with a provider that was named. */
  readonly needsImage: boolean;
}

/** What Pods run on an engine when nothing else was asked for. Small, and with all that the examples call. */
export const runtimeImage = 'node:24-alpine';

/** Until an engine, or the registry behind it, has said its first word. Nobody waits longer who has not asked for it. */
const patienceMs = 1_500;
const patienceWhenNamedMs = 60_000;
/** Between two words about a pull. */
const stallMs = 30_000;
const leaveMs = 10_000;

/**
 * Decides where the Pods of a development cluster run. Without a wish that is Docker, when an engine answers whose
 * containers this machine can reach and the image is there or can be pulled, and the process provider else. Throws
 * ConfigError when a provider that was named cannot do what is needed.
 */
export async function chooseProvider(
  wish: Wish,
  deps: ChooseDeps,
  signal: AbortSignal,
): Promise<ChosenProvider> {
  const { provider, options = {}, needsImage } = wish;
  if (provider === undefined && Object.keys(options).length > 0)
    throw new ConfigError('--provider-options: options of which provider? Name it with --provider');
  const named = 'as --provider says';
  if (provider !== undefined && provider !== 'docker')
    return { provider, options, why: named, leave: async () => undefined };
  const visit = await openVisit(options, deps);
  if (typeof visit === 'string') return withoutEngine(visit, provider);
  if (provider !== undefined && !needsImage) return onEngine(visit, options, named, deps);
  const patience = provider === undefined ? patienceMs : patienceWhenNamedMs;
  const found = await seekImage(visit, patience, deps, signal).catch(async (error: unknown) => {
    await visit.close();
    throw error;
  });
  if (found.type === 'there') return onEngine(visit, options, found.what, deps);
  await visit.close();
  return withoutEngine(found.what, provider);
}

function withoutEngine(why: string, provider: string | undefined): ChosenProvider {
  if (provider !== undefined) throw new ConfigError(`--provider ${provider}: ${why}`);
  return { provider: 'process', options: {}, why, leave: async () => undefined };
}

function onEngine(
  visit: EngineVisit,
  options: Readonly<Record<string, unknown>>,
  why: string,
  { log }: ChooseDeps,
): ChosenProvider {
  return {
    provider: 'docker',
    // The engine that was looked at, whatever the environment of the process that clears up.
    options: { ...options, host: visit.host },
    why,
    image: runtimeImage,
    async leave() {
      try {
        await visit.removeSandboxImage(AbortSignal.timeout(leaveMs));
      } catch (error) {
        log.warn({ error: String(error) }, 'the image of the sandboxes stays at the engine');
      } finally {
        await visit.close();
      }
    },
  };
}

async function openVisit(
  { host }: Readonly<Record<string, unknown>>,
  { environment, clock, random }: ChooseDeps,
): Promise<EngineVisit | string> {
  // Loaded here: who names another provider needs none of it.
  const { EngineVisit } = await import('../../../providers/docker/index.ts');
  try {
    return new EngineVisit({ ...(typeof host === 'string' && { host }), environment, clock, random });
  } catch (error) {
    return messageOf(error);
  }
}

interface Found {
  readonly type: 'there' | 'missing';
  readonly what: string;
}

/** Whether the engine has the image, or can get it. Rejects only when the signal fires. */
async function seekImage(
  visit: EngineVisit,
  firstWordMs: number,
  { clock, say }: ChooseDeps,
  signal: AbortSignal,
): Promise<Found> {
  const silence = new AbortController();
  const cut = (): void => silence.abort(new Error('it is silent'));
  let cancel = clock.schedule(firstWordMs, cut);
  const limit = AbortSignal.any([signal, silence.signal]);
  const where = `at ${visit.host}`;
  let at = `no Docker engine answers ${where}`;
  try {
    const { version, apart } = await visit.look(limit);
    const engine = `engine ${version} ${where}`;
    at = `${engine} gives no information`;
    if (apart !== undefined)
      return missing(`containers of the ${engine} cannot be reached at their addresses: ${apart}`);
    if (await visit.hasImage(runtimeImage, limit)) return there(`${engine}, image ${runtimeImage} is there`);
    at = `the ${engine} has no image ${runtimeImage} and cannot pull it`;
    let isFirst = true;
    for await (const _ of visit.pull(runtimeImage, limit)) {
      if (isFirst) say(`Pulling ${runtimeImage} ...`);
      isFirst = false;
      cancel();
      cancel = clock.schedule(stallMs, cut);
    }
    return there(`${engine}, image ${runtimeImage} was pulled`);
  } catch (error) {
    signal.throwIfAborted();
    return missing(silence.signal.aborted ? `${at}: no answer in time` : `${at}${detailOf(error)}`);
  } finally {
    cancel();
  }
}

function there(what: string): Found {
  return { type: 'there', what };
}

function missing(what: string): Found {
  return { type: 'missing', what };
}

/** What is worth saying beside that nobody answers. */
function detailOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : {};
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  if (code === 'ENOENT' || code === 'ECONNREFUSED') return '';
  if (code === 'EACCES') return ': this user may not use it';
  return `: ${messageOf(error)}`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
