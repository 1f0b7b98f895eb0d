import type { PodSpec } from '../../src/kube/types.ts';

/** One Pod as a script asks for it. */
export interface PodWish {
  readonly name: string;
  readonly spec: Partial<PodSpec>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
  /** A controller keeps it: when it is gone, a new one of the same name comes. */
  readonly kept: boolean;
}

/** What the users, the controllers and the platforms do; each skips quietly when there is nothing to do it to. */
export type Step =
  | { readonly type: 'create'; readonly pod: PodWish }
  | { readonly type: 'delete'; readonly name: string; readonly graceSeconds?: number }
  /** Somebody else changes the Pod's metadata. */
  | { readonly type: 'touch'; readonly name: string }
  | { readonly type: 'exit'; readonly name: string; readonly code: number }
  | { readonly type: 'ready'; readonly name: string; readonly ready: boolean }
  | { readonly type: 'vanish'; readonly name: string; readonly silent: boolean }
  | { readonly type: 'interrupt'; readonly name: string }
  | { readonly type: 'breakStreams' }
  | { readonly type: 'cutWatches' }
  | { readonly type: 'apiAway'; readonly how: 'refused' | 'silent'; readonly ms: number };

export interface TimedStep {
  readonly atMs: number;
  readonly step: Step;
}

export const scriptMs = 150_000;

/** Annotations that the daemon of these tests obeys. */
export const refusedAnnotation = 'crash.test/refused';
export const finalizer = 'crash.test/tracking';

/** The script of a seed: about a dozen Pods of all kinds, and what befalls them. */
export function podScript(random: () => number): TimedStep[] {
  const steps: TimedStep[] = [];
  const add = (atMs: number, step: Step): void => {
    steps.push({ atMs: Math.round(atMs), step });
  };
  const between = (low: number, high: number): number => low + random() * (high - low);
  const podCount = 10 + Math.floor(random() * 5);
  for (let index = 0; index < podCount; index++) {
    const pod = podWish(index, random);
    const { name } = pod;
    const bornAt = between(0, scriptMs * 0.6);
    add(bornAt, { type: 'create', pod });
    for (let events = Math.floor(random() * 4); events > 0; events--)
      add(between(bornAt, scriptMs), befall(name, random));
    if (random() < 0.5) {
      const deleteAt = bornAt + between(0, 60_000);
      add(deleteAt, { type: 'delete', name, ...graceOf(random) });
      if (random() < 0.3) add(deleteAt + between(0, 20_000), { type: 'delete', name, graceSeconds: 0 });
      if (random() < 0.3) add(deleteAt + between(0, 20_000), { type: 'create', pod });
    }
  }
  for (let index = 0; index < 3; index++) {
    if (random() < 0.5) add(between(0, scriptMs), { type: 'breakStreams' });
    if (random() < 0.5) add(between(0, scriptMs), { type: 'cutWatches' });
  }
  if (random() < 0.4) {
    const how = random() < 0.5 ? 'refused' : 'silent';
    add(between(0, scriptMs * 0.6), { type: 'apiAway', how, ms: between(1_000, 60_000) });
  }
  return steps.sort((a, b) => a.atMs - b.atMs);
}

function graceOf(random: () => number): { graceSeconds?: number } {
  const drawn = random();
  if (drawn < 0.6) return {};
  return { graceSeconds: drawn < 0.75 ? 0 : Math.ceil(random() * 10) };
}

function befall(name: string, random: () => number): Step {
  const drawn = random();
  if (drawn < 0.2) return { type: 'touch', name };
  if (drawn < 0.45) return { type: 'exit', name, code: random() < 0.5 ? 0 : 1 };
  if (drawn < 0.7) return { type: 'ready', name, ready: random() < 0.5 };
  if (drawn < 0.85) return { type: 'vanish', name, silent: random() < 0.5 };
  return { type: 'interrupt', name };
}

function podWish(index: number, random: () => number): PodWish {
  const pick = <T>(...choices: readonly T[]): T => choices[Math.floor(random() * choices.length)] as T;
  const restartPolicy = pick('Always', 'Always', 'OnFailure', 'Never');
  const job = restartPolicy !== 'Always';
  const exits =
    job && random() < 0.7 ? [{ code: pick(0, 0, 1), afterMs: Math.round(random() * 40_000) }] : [];
  const onTerm = pick<unknown>(
    { code: 143 },
    { code: 0, afterMs: 3_000 },
    { code: 3, afterMs: 500 },
    'ignore',
  );
  const program = { exits, onTerm, readyAfterMs: pick(0, 0, 2_000) };
  const script = {
    runningAfterMs: pick(0, 0, 800, Math.round(random() * 20_000)),
    containers: { main: program, side: { ...program, exits: job ? [{ code: 0, afterMs: 1_000 }] : [] } },
  };
  const names = random() < 0.25 ? ['main', 'side'] : ['main'];
  return {
    name: `p-${index}`,
    spec: {
      restartPolicy,
      containers: names.map((name) => ({ name, image: 'app:1' })),
      ...(random() < 0.2 ? { initContainers: [{ name: 'init', image: 'app:1' }] } : {}),
      ...(random() < 0.2 ? { activeDeadlineSeconds: 1 + Math.floor(random() * 60) } : {}),
      terminationGracePeriodSeconds: pick(1, 10, 30),
    },
    annotations: {
      'mock.burstlet.dev/script': JSON.stringify(script),
      ...(random() < 0.05 ? { [refusedAnnotation]: 'true' } : {}),
    },
    finalizers: random() < 0.2 ? [finalizer] : [],
    kept: random() < 0.3,
  };
}
