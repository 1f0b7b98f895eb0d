import { describe, expect, it } from 'vitest';
import type { InstanceSpec, RuntimeContainer } from '../../providers/contract/index.ts';
import { plan, planWithoutSpec } from './plan.ts';
import type { RunnerState } from './state.ts';
import { container, podSpec, probe, sidecar } from './testing/specs.ts';

const t0 = Date.UTC(2026, 0, 1);
const at = (seconds: number): number => t0 + seconds * 1000;
const time = (seconds: number): string => new Date(at(seconds)).toISOString();

function up(name: string, run = 0, startedAt = 0): RuntimeContainer {
  const state = { kind: 'running', startedAt: time(startedAt) } as const;
  return { id: `${name}-${run}`, name, run, image: name, imageId: '', state };
}

function down(name: string, exitCode: number, run = 0, finishedAt = 0): RuntimeContainer {
  const result = {
    kind: 'terminated',
    exitCode,
    reason: exitCode === 0 ? 'Completed' : 'Error',
    message: '',
    startedAt: time(finishedAt),
    finishedAt: time(finishedAt),
    containerId: `${name}-${run}`,
  } as const;
  return { ...up(name, run), state: { kind: 'exited', result } };
}

function stateOf(containers: RuntimeContainer[], extra: Partial<RunnerState> = {}): RunnerState {
  return {
    sandbox: { id: 's', owner: podSpec().owner, createdAt: time(0), ips: ['127.0.0.1'], containers },
    supervisedSince: t0,
    ephemeral: new Map(),
    runs: new Map(),
    startErrors: new Map(),
    starting: false,
    phase: 'Pending',
    ...extra,
  };
}

const init = { initContainers: [container('init')] };
const withSidecar = { initContainers: [sidecar('proxy')] };
const job = { restartPolicy: 'Never' } as const;

describe('plan', () => {
  it.each<
    [string, Partial<InstanceSpec>, RuntimeContainer[], Partial<RunnerState>, string[], string, number?]
  >([
    ['nothing there', {}, [], {}, ['start/app/0'], 'Pending'],
    ['nothing there, with init', init, [], {}, ['start/init/0'], 'Pending'],
    ['init runs', init, [up('init')], {}, [], 'Running'],
    ['init is done', init, [down('init', 0)], {}, ['start/app/0'], 'Running'],
    ['init failed', init, [down('init', 1)], {}, ['start/init/1'], 'Running'],
    ['init failed twice', init, [down('init', 1), down('init', 1, 1)], {}, [], 'Running', 10],
    ['init failed for good', { ...init, ...job }, [down('init', 1)], {}, [], 'Stopped'],
    ['all runs', {}, [up('app')], {}, [], 'Running'],
    ['ended, Always', {}, [down('app', 0)], {}, ['start/app/1'], 'Running'],
    ['ended, Never', job, [down('app', 1)], {}, [], 'Stopped'],
    [
      'one of two ended, Never',
      { ...job, containers: [container('a'), container('b')] },
      [down('a', 0), up('b')],
      {},
      [],
      'Running',
    ],
    [
      'sidecar only',
      { ...withSidecar, ...job },
      [up('proxy'), down('app', 0)],
      {},
      [`stop/proxy-0/${at(30)}`],
      'Running',
    ],
    [
      'sidecar died, work goes on',
      withSidecar,
      [down('proxy', 0), up('app')],
      {},
      ['start/proxy/1'],
      'Running',
    ],
    ['old runs', {}, [down('app', 1), down('app', 1, 1), up('app', 2)], {}, ['remove/app-0'], 'Running'],
    ['two live runs, which must not be', {}, [up('app'), up('app', 1)], {}, ['stop/app-0/0'], 'Running'],
    ['stop', {}, [up('app')], { stop: { deadline: at(9) } }, [`stop/app-0/${at(9)}`], 'Stopping'],
    ['stop with nothing there', {}, [], { stop: { deadline: at(9) } }, [], 'Stopped'],
    [
      'stop while a start is under way',
      {},
      [],
      { stop: { deadline: at(9) }, starting: true },
      [],
      'Stopping',
    ],
    [
      'a run that appears after the end',
      {},
      [up('app')],
      { phase: 'Stopped' },
      [`stop/app-0/${at(30)}`],
      'Stopped',
    ],
    [
      'a start error',
      {},
      [],
      {
        startErrors: new Map([
          [
            'app',
            {
              run: 0,
              reason: 'CreateContainerError',
              message: 'm',
              attempts: 1,
              failedAt: t0,
              retryAt: at(3),
            },
          ],
        ]),
      },
      [],
      'Pending',
      3,
    ],
    [
      'a start error of an earlier run',
      {},
      [down('app', 1)],
      {
        startErrors: new Map([
          [
            'app',
            {
              run: 0,
              reason: 'CreateContainerError',
              message: 'm',
              attempts: 1,
              failedAt: t0,
              retryAt: at(3),
            },
          ],
        ]),
      },
      ['start/app/1'],
      'Running',
    ],
    [
      'a probe to come',
      { containers: [container('app', { livenessProbe: probe('l', { initialDelaySeconds: 7 }) })] },
      [up('app')],
      {},
      [],
      'Running',
      7,
    ],
  ])('%s', (_name, spec, containers, extra, actions, phase, wakeSeconds) => {
    const made = plan(podSpec(spec), stateOf(containers, extra), t0);
    expect(made.actions.map(({ key }) => key)).toEqual(actions);
    expect(made.instance.phase).toBe(phase);
    expect(made.wakeAt).toBe(wakeSeconds === undefined ? undefined : at(wakeSeconds));
  });

  it('starts every regular container once before it restarts one', () => {
    const spec = podSpec({ containers: [container('bad'), container('good')] });
    const { actions } = plan(spec, stateOf([down('bad', 128)]), at(0));
    expect(actions).toMatchObject([{ kind: 'start', container: { name: 'good' } }]);
  });

  it('does not blame an earlier run for a start error that was overcome', () => {
    const error = {
      run: 0,
      reason: 'CreateContainerError',
      message: 'm',
      attempts: 1,
      failedAt: t0,
      retryAt: at(3),
    };
    const state = stateOf([down('app', 1)], { startErrors: new Map([['app', error]]) });
    expect(plan(podSpec(), state, t0).instance.containers[0]?.state.kind).toBe('terminated');
  });

  it('without the spec stops what it is told to and starts nothing', () => {
    const containers = [up('a'), down('b', 1)];
    expect(planWithoutSpec(stateOf(containers), t0).actions).toEqual([]);
    const stopped = planWithoutSpec(stateOf(containers, { stop: { deadline: at(5) } }), t0);
    expect(stopped.actions).toMatchObject([{ kind: 'stop', containerId: 'a-0', gracePeriodSeconds: 5 }]);
    expect(stopped.instance.phase).toBe('Stopping');
    expect(planWithoutSpec(stateOf([down('b', 1)], { stop: { deadline: at(5) } }), t0).instance.phase).toBe(
      'Stopped',
    );
  });
});
