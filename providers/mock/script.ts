import type { StopCause } from '../contract/index.ts';
import {
  choose,
  listOf,
  mapOf,
  number,
  object,
  oneOf,
  ProviderError,
  type Read,
  readOptions,
  type Shape,
  text,
  whole,
} from '../contract/index.ts';
import type { Latency } from './random.ts';

/** Annotation of a Pod that holds its {@link MockScript} as JSON. Documented in docs/reference/mock-provider.md. */
export const scriptAnnotation = 'mock.burstlet.dev/script';

const maxAnnotationLength = 64 * 1024;

/** What an instance does, from its acceptance on. */
export interface MockScript {
  /** From accepted to the start of the first container: what image pull and boot take elsewhere. */
  readonly runningAfterMs: Latency;
  /** The platform ends the instance by itself, so long after it was accepted. */
  readonly stopCause?: StopCause & { readonly afterMs: number };
  /** By name of the container; `*` stands for those that are not named. */
  readonly containers: Readonly<Record<string, MockProgram>>;
}

/** What one container does. */
export interface MockProgram {
  /**
   * How each run ends, first run first; the last entry holds for all further runs. Empty: a regular container or
   * sidecar runs until it is stopped, an init container ends with 0 at once.
   */
  readonly exits: readonly MockExit[];
  /** From the start of a run to ready; -1 = never. */
  readonly readyAfterMs: number;
  /** What SIGTERM does. `ignore`: only SIGKILL ends it. */
  readonly onTerm: MockExit | 'ignore';
  /** Lines that each run writes; those in `stderr` go there. */
  readonly logs: readonly MockLogLine[];
  /** Between two lines; 0 = all at once. */
  readonly logEveryMs: number;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

export interface MockExit {
  readonly code: number;
  readonly afterMs: number;
}

export type MockLogLine = string | { readonly stderr: string };

export const defaultProgram: MockProgram = {
  exits: [],
  readyAfterMs: 0,
  onTerm: { code: 143, afterMs: 0 },
  logs: ['started'],
  logEveryMs: 0,
  cpuMillis: 10,
  memoryBytes: 16 * 1024 * 1024,
};

export const defaultScript: MockScript = { runningAfterMs: 0, containers: {} };

export function programOf(script: MockScript, container: string): MockProgram {
  return script.containers[container] ?? script.containers['*'] ?? defaultProgram;
}

/** The script of a Pod: its annotation over `base`, key by key and container by container. */
export function scriptOf(annotations: Readonly<Record<string, string>>, base: MockScript): MockScript {
  const text = annotations[scriptAnnotation];
  if (text === undefined) return base;
  const where = `metadata.annotations[${scriptAnnotation}]`;
  if (text.length > maxAnnotationLength)
    throw new ProviderError('InvalidSpec', `${where}: longer than ${maxAnnotationLength} characters`, {
      field: where,
    });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ProviderError('InvalidSpec', `${where}: not JSON`, { field: where, cause });
  }
  return readScript(value, where, base);
}

const spread = object({ min: number(0), max: number(0) }, ({ min = 0, max = min }) => ({
  max: max < min && `expected ${min} or more, found ${max}`,
}));
const logNormal = object({ median: number(0), p99: number(0) }, ({ median = 0, p99 = median }) => ({
  p99: p99 < median && `expected ${median} or more, found ${p99}`,
}));

export const latency = choose<Latency>('milliseconds, {min, max} or {median, p99}', (value) => {
  if (typeof value === 'number') return number(0);
  if (typeof value !== 'object' || value === null) return undefined;
  return 'min' in value ? spread : logNormal;
});

const line = text('text', /^/);

const exit = object({ code: whole(0, 255), afterMs: number(0).or(0) });

const program: Shape<Partial<MockProgram>> = object({
  exits: listOf('a list of {code, afterMs}', exit).optional(),
  readyAfterMs: number(-1).optional(),
  onTerm: choose<MockProgram['onTerm']>('ignore or {code, afterMs}', (value) =>
    typeof value === 'string' ? oneOf(['ignore'], 'ignore or {code, afterMs}') : exit,
  ).optional(),
  logs: listOf(
    'a list of lines',
    choose<MockLogLine>('text or {stderr}', (value) =>
      typeof value === 'string' ? line : object({ stderr: line }),
    ),
  ).optional(),
  logEveryMs: number(0).optional(),
  cpuMillis: number(0).optional(),
  memoryBytes: number(0).optional(),
});

export const scriptShape = object({
  runningAfterMs: latency.optional(),
  stopCause: object({
    afterMs: number(0),
    kind: oneOf(['Interrupted', 'Evicted', 'Failed']),
    reason: text(),
    message: line.or(''),
  }).optional(),
  containers: mapOf('programs by container', program).or({}),
});

/** What is left out is as in `base`, container by container. */
export function filledUp(script: Read<typeof scriptShape>, base: MockScript = defaultScript): MockScript {
  const own = Object.entries(script.containers).map(([name, program]) => [
    name,
    { ...programOf(base, name), ...program },
  ]);
  return { ...base, ...script, containers: { ...base.containers, ...Object.fromEntries(own) } };
}

/** Reads a script, filling up from `base`. Throws InvalidSpec that names every fault. */
export function readScript(value: unknown, where: string, base?: MockScript): MockScript {
  return filledUp(readOptions(scriptShape, value, where), base);
}
