import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Instance, InstancePhase } from '../../providers/contract/index.ts';
import { settle } from '../telemetry/fake-clock.ts';
import type { Behaviour } from './testing/fake-runtime.ts';
import { Daemon, Harness, never } from './testing/harness.ts';
import { container, probe, scope, sidecar } from './testing/specs.ts';

/** Outcomes of the runs of one container; the last one holds for all further runs. */
const behaviours = (last: readonly Behaviour[]) =>
  fc
    .tuple(
      fc.array(
        fc.record({
          exitCode: fc.constantFrom(0, 1, 137),
          afterMs: fc.constantFrom(0, 500, 30_000, 700_000),
          onTermMs: fc.constantFrom(0, 1500, 'never' as const),
        }),
        { maxLength: 4 },
      ),
      fc.constantFrom(...last),
    )
    .map(
      ([first, end]) =>
        (run: number): Behaviour =>
          first[run] ?? end,
    );

const lives: readonly Behaviour[] = [{}, { onTermMs: 4000 }, { onTermMs: 'never' }];

const pods = fc.record({
  restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never'),
  init: behaviours([{ exitCode: 0 }, { exitCode: 0, afterMs: 3000 }]),
  proxy: behaviours(lives),
  app: behaviours([...lives, { exitCode: 0, afterMs: 2000 }]),
  web: behaviours([...lives, { exitCode: 0, afterMs: 100 }]),
  debug: behaviours([{ exitCode: 0 }, { exitCode: 1, afterMs: 5000 }, {}, { onTermMs: 'never' }]),
  probed: fc.boolean(),
  hooked: fc.boolean(),
});

const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ kind: kind('advance'), ms: fc.integer({ max: 40_000, min: 1 }) }) },
    {
      weight: 2,
      arbitrary: fc.record({ kind: kind('die'), call: fc.integer({ min: 1, max: 12 }), after: fc.boolean() }),
    },
    { weight: 1, arbitrary: fc.record({ kind: kind('fail'), count: fc.integer({ min: 1, max: 3 }) }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('restart') }) },
    { weight: 1, arbitrary: fc.record({ kind: kind('debug') }) },
  ),
  { maxLength: 12 },
);

function kind<const K extends string>(name: K): fc.Arbitrary<K> {
  return fc.constant(name);
}

type Script = typeof pods extends fc.Arbitrary<infer T> ? T : never;
type Step = (typeof steps extends fc.Arbitrary<infer T> ? T : never)[number];

/** What is published, held against what may never happen. */
class Witness {
  readonly problems: string[] = [];
  phase: InstancePhase = 'Pending';
  readonly #counts = new Map<string, number>();

  see({ containers, phase }: Instance): void {
    for (const { name, restartCount } of containers) {
      const known = this.#counts.get(name) ?? 0;
      if (restartCount < known) this.problems.push(`restartCount of ${name}: ${known} -> ${restartCount}`);
      this.#counts.set(name, restartCount);
    }
    const order: readonly InstancePhase[] = ['Pending', 'Running', 'Stopping', 'Stopped'];
    if (order.indexOf(phase) < order.indexOf(this.phase)) this.problems.push(`${this.phase} -> ${phase}`);
    this.phase = phase;
  }
}

function harnessOf(script: Script): Harness {
  const probes = script.probed && { readinessProbe: probe('r'), livenessProbe: probe('l') };
  const hooks = script.hooked && {
    postStart: { kind: 'exec', command: ['h'] } as const,
    preStop: { kind: 'sleep', seconds: 3 } as const,
  };
  const pod = new Harness({
    restartPolicy: script.restartPolicy,
    terminationGracePeriodSeconds: 20,
    initContainers: [container('init'), sidecar('proxy')],
    containers: [container('app', { ...probes, ...hooks }), container('web')],
  });
  const { init, proxy, app, web, debug } = script;
  const outcomes = new Map(Object.entries({ init, proxy, app, web, debug }));
  pod.runtime.behave = (name, run) => outcomes.get(name)?.(run) ?? {};
  return pod;
}

/** What a node does after a (re)start, repeated while the daemon dies under it or the runtime fails. */
async function bringUp(pod: Harness, witness: Witness, debugged: boolean): Promise<void> {
  for (;;) {
    if (!pod.daemon.alive) pod.daemon = new Daemon(pod.runtime, pod.clock);
    const { daemon } = pod;
    const up = connect(daemon).catch(() => false);
    const done = await Promise.race([up, settle(20).then(() => false)]);
    if (done && daemon.alive) return;
    if (daemon.alive) await pod.clock.advance(1000);
  }

  async function connect({ provider }: Daemon): Promise<boolean> {
    const [known] = await provider.list(scope, never);
    if (known === undefined) await provider.create(pod.spec, 'token', never);
    else await provider.adopt?.(known.ref, pod.spec, never);
    if (debugged) await provider.addContainer?.(instanceRef, container('debug'), never);
    for (const instance of await provider.list(scope, never)) witness.see(instance);
    void provider.observe(scope, (event) => event.type === 'changed' && witness.see(event.instance), never);
    return true;
  }
}

async function play(pod: Harness, witness: Witness, script: readonly Step[]): Promise<void> {
  let failures = 0;
  pod.runtime.before = () => {
    if (failures > 0 && failures--) throw new Error('connection reset');
  };
  let debugged = false;
  await bringUp(pod, witness, debugged);
  for (const step of script) {
    if (step.kind === 'advance') await pod.clock.advance(step.ms);
    else if (step.kind === 'debug') {
      debugged = true;
      await pod.provider.addContainer?.(instanceRef, container('debug'), never);
      await settle();
    } else if (step.kind === 'restart') pod.daemon.kill();
    else if (step.kind === 'fail') failures = step.count;
    else {
      pod.daemon.dieAtCall(step.call, step.after);
      await pod.clock.advance(15_000);
    }
    if (!pod.daemon.alive) await bringUp(pod, witness, debugged);
  }
  failures = 0;
  pod.daemon.dieAtCall(0, false);
  await pod.clock.advance(3_600_000);
}

const instanceRef = { id: 'sandbox-1', podUid: 'uid-1' };

function expectOutcome(pod: Harness, witness: Witness, { restartPolicy }: Script): void {
  const { containers } = pod.runtime.state('sandbox-1');
  expect(containers.filter(({ name, run }) => name === 'debug' && run > 0)).toEqual([]);
  const exitCode = (name: string): number | undefined => {
    const state = containers.filter((run) => run.name === name).at(-1)?.state;
    return state?.kind === 'exited' ? state.result.exitCode : undefined;
  };
  const isOver = (name: string): boolean =>
    (restartPolicy === 'Never' && exitCode(name) !== undefined) ||
    (restartPolicy === 'OnFailure' && exitCode(name) === 0);
  const initFailed = restartPolicy === 'Never' && (exitCode('init') ?? 0) !== 0;
  if (initFailed || (isOver('app') && isOver('web'))) {
    expect(witness.phase).toBe('Stopped');
    expect(pod.runtime.live).toEqual([]);
    return;
  }
  expect(witness.phase).toBe('Running');
  expect(pod.runtime.live.some((label) => label.startsWith('proxy/'))).toBe(true);
  for (const name of ['app', 'web'])
    expect(
      containers.some((run) => run.name === name),
      `${name} should have run`,
    ).toBe(true);
}

it('any Pod, whatever its containers do and whenever the daemon dies, is run as its spec says', async () => {
  await fc.assert(
    fc.asyncProperty(pods, steps, fc.boolean(), async (script, actions, stopped) => {
      const pod = harnessOf(script);
      const witness = new Witness();
      await play(pod, witness, actions);
      expectOutcome(pod, witness, script);
      if (stopped) {
        await pod.provider.stop(instanceRef, { gracePeriodSeconds: 10 }, never);
        await pod.clock.advance(15_000);
        expect(pod.runtime.live).toEqual([]);
        expect(witness.phase).toBe('Stopped');
      }
      expect([...pod.runtime.violations, ...witness.problems]).toEqual([]);
      pod.daemon.kill();
    }),
    { numRuns: 100 },
  );
}, 60_000);
