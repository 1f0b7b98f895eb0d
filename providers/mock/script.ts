import type { StopCause } from '../contract/index.ts';
import { ProviderError } from '../contract/index.ts';
import type { Latency } from './random.ts';
import {
  optional,
  readInteger,
  readList,
  readNumber,
  readObject,
  readOneOf,
  readText,
  wrong,
} from './read.ts';

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

/** Reads a script, filling up from `base`. Throws InvalidSpec that names the place. */
export function readScript(value: unknown, where: string, base: MockScript = defaultScript): MockScript {
  const fields = readObject(value, where, ['runningAfterMs', 'stopCause', 'containers']);
  const own = optional(fields, 'containers', where, {}, (containers, at) =>
    Object.fromEntries(
      Object.entries(readObject(containers, at)).map(([name, program]) => [
        name,
        readProgram(program, `${at}.${name}`, programOf(base, name)),
      ]),
    ),
  );
  const stopCause = optional(fields, 'stopCause', where, base.stopCause, readStopCause);
  return {
    runningAfterMs: optional(fields, 'runningAfterMs', where, base.runningAfterMs, readLatency),
    containers: { ...base.containers, ...own },
    ...(stopCause === undefined ? {} : { stopCause }),
  };
}

export function readLatency(value: unknown, where: string): Latency {
  if (typeof value === 'number') return readNumber(value, where);
  if (typeof value !== 'object' || value === null)
    throw wrong(where, 'milliseconds, {min, max} or {median, p99}', value);
  if ('min' in value) {
    const { min, max } = readObject(value, where, ['min', 'max']);
    const least = readNumber(min, `${where}.min`);
    return { min: least, max: readNumber(max, `${where}.max`, least) };
  }
  const { median, p99 } = readObject(value, where, ['median', 'p99']);
  const middle = readNumber(median, `${where}.median`);
  return { median: middle, p99: readNumber(p99, `${where}.p99`, middle) };
}

function readProgram(value: unknown, where: string, base: MockProgram): MockProgram {
  const fields = readObject(value, where, Object.keys(defaultProgram));
  return {
    exits: optional(fields, 'exits', where, base.exits, (exits, at) => readList(exits, at, readExit)),
    readyAfterMs: optional(fields, 'readyAfterMs', where, base.readyAfterMs, (ms, at) =>
      readNumber(ms, at, -1),
    ),
    onTerm: optional(fields, 'onTerm', where, base.onTerm, (exit, at) =>
      exit === 'ignore' ? 'ignore' : readExit(exit, at),
    ),
    logs: optional(fields, 'logs', where, base.logs, (lines, at) => readList(lines, at, readLogLine)),
    logEveryMs: optional(fields, 'logEveryMs', where, base.logEveryMs, readNumber),
    cpuMillis: optional(fields, 'cpuMillis', where, base.cpuMillis, readNumber),
    memoryBytes: optional(fields, 'memoryBytes', where, base.memoryBytes, readNumber),
  };
}

function readExit(value: unknown, where: string): MockExit {
  const fields = readObject(value, where, ['code', 'afterMs']);
  return {
    code: readInteger(fields.code, `${where}.code`, 0, 255),
    afterMs: optional(fields, 'afterMs', where, 0, readNumber),
  };
}

function readLogLine(value: unknown, where: string): MockLogLine {
  if (typeof value === 'string') return value;
  return { stderr: readText(readObject(value, where, ['stderr']).stderr, `${where}.stderr`) };
}

function readStopCause(value: unknown, where: string): StopCause & { afterMs: number } {
  const fields = readObject(value, where, ['afterMs', 'kind', 'reason', 'message']);
  return {
    afterMs: readNumber(fields.afterMs, `${where}.afterMs`),
    kind: readOneOf(fields.kind, `${where}.kind`, ['Interrupted', 'Evicted', 'Failed']),
    reason: readText(fields.reason, `${where}.reason`),
    message: optional(fields, 'message', where, '', readText),
  };
}
