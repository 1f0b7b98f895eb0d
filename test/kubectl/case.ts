import { spawnSync } from 'node:child_process';
import type { Kubectl, Result, Running } from './kubectl.ts';

/** What one command must print and end with. A RegExp is searched for, a string must be contained. */
export interface Expectation {
  /** Default 0. */
  readonly exit?: number;
  readonly out?: readonly (string | RegExp)[];
  /** Must not be printed to stdout. */
  readonly notOut?: readonly (string | RegExp)[];
  readonly err?: readonly (string | RegExp)[];
  /** The whole of stdout, without the last line break. */
  readonly exactly?: string;
}

export interface Step extends Expectation {
  /** The command line after `kubectl`; quotes group as in a shell, `$NODE` is the name of a node, `$PORT` a free port. */
  readonly run: string;
  readonly stdin?: string;
  /** Files put into the command's working folder first. */
  readonly files?: Readonly<Record<string, string>>;
  /** Variables for this command. */
  readonly env?: Readonly<Record<string, string>>;
  /** Asks again, up to this many seconds, until it is as expected. */
  readonly within?: number;
  /**
   * Runs beside the next steps, which begin once it has printed something (`afterOutput`) or at once. When they are
   * done it has ten seconds to print what is expected; then it is ended, and its exit code does not matter.
   */
  readonly beside?: 'afterOutput' | 'atOnce';
}

export interface Case {
  readonly name: string;
  /** `node`: runs only where Pods really run (logs, exec, probes). `command:diff`: needs a program. */
  readonly needs?: readonly string[];
  readonly steps: readonly Step[];
}

/** Cases that share one fresh namespace, which is kubectl's default namespace while they run, in their order. */
export interface Suite {
  readonly name: string;
  readonly cases: readonly Case[];
}

/** Why the case cannot run here; undefined = it can. */
export function missing(one: Case, hasNode: boolean): string | undefined {
  for (const need of one.needs ?? []) {
    if (need === 'node' && !hasNode) return 'no node that runs Pods';
    if (need.startsWith('command:') && spawnSync('which', [need.slice(8)]).status !== 0)
      return `no ${need.slice(8)} in PATH`;
  }
  return undefined;
}

const besideSeconds = 10;

/** Runs the steps in their order. Throws at the first that is not as expected, saying everything about it. */
export async function runCase(one: Case, kubectl: Kubectl): Promise<void> {
  const beside: { readonly step: Step; readonly running: Running }[] = [];
  try {
    for (const step of one.steps) {
      if (step.beside === undefined) {
        await runStep(step, kubectl);
        continue;
      }
      const running = await kubectl.start(step);
      beside.push({ step, running });
      if (step.beside === 'afterOutput') await running.hasPrinted;
    }
    for (const { step, running } of beside)
      await untilAsExpected(step, async () => running.sofar(), besideSeconds);
  } finally {
    await Promise.all(beside.map(({ running }) => running.end()));
  }
}

function runStep(step: Step, kubectl: Kubectl): Promise<void> {
  return untilAsExpected(step, () => kubectl.run(step), step.within ?? 0);
}

async function untilAsExpected(step: Step, look: () => Promise<Result>, seconds: number): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const result = await look();
    const wrong = mismatch(step, result);
    if (wrong === undefined) return;
    if (Date.now() >= deadline) throw new Error(report(step, result, wrong));
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function mismatch(step: Step, result: Result): string | undefined {
  if (step.beside === undefined && result.exit !== (step.exit ?? 0))
    return `it ended with ${result.exit}, not with ${step.exit ?? 0}`;
  if (step.exactly !== undefined && result.out.replace(/\n$/, '') !== step.exactly)
    return `stdout is not exactly ${JSON.stringify(step.exactly)}`;
  const lacks = (text: string, wanted: string | RegExp): boolean =>
    typeof wanted === 'string' ? !text.includes(wanted) : !wanted.test(text);
  const lacking = step.out?.find((wanted) => lacks(result.out, wanted));
  if (lacking !== undefined) return `stdout lacks ${String(lacking)}`;
  const extra = step.notOut?.find((wanted) => !lacks(result.out, wanted));
  if (extra !== undefined) return `stdout has ${String(extra)}`;
  const silent = step.err?.find((wanted) => lacks(result.err, wanted));
  return silent === undefined ? undefined : `stderr lacks ${String(silent)}`;
}

function report(step: Step, result: Result, wrong: string): string {
  const part = (name: string, text: string): string =>
    text === '' ? '' : `\n--- ${name}\n${text.trimEnd()}`;
  return `kubectl ${step.run}: ${wrong}${part('stdout', result.out)}${part('stderr', result.err)}`;
}
