import { expect, it } from 'vitest';
import type { ProbeOutcome } from '../../providers/contract/index.ts';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { createPodRunner } from './create-pod-runner.ts';
import { FakeRuntime } from './testing/fake-runtime.ts';
import { container, podSpec, probe } from './testing/specs.ts';

it('every probe is told of, whatever came of it', async () => {
  const clock = new FakeClock();
  const runtime = new FakeRuntime(clock);
  const answers = [async () => 0, async () => 1, () => Promise.reject(new Error('busy'))];
  runtime.answer = () => (answers.shift() ?? (async () => 0))();
  const told: ProbeOutcome[] = [];
  const provider = createPodRunner({
    ...{ runtime, clock, log: silentLog, random: () => 0 },
    onProbe: (outcome) => told.push(outcome),
  });
  const containers = [container('app', { readinessProbe: probe('r') })];
  await provider.create(podSpec({ containers }), 'token-1', new AbortController().signal);
  await clock.advance(25_000);
  await provider.close?.();
  const about = { podUid: 'uid-1', namespace: 'ns', pod: 'p', container: 'app', probe: 'readiness' };
  expect(told).toEqual(['success', 'failure', 'error'].map((result) => ({ ...about, result })));
});
