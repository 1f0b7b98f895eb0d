import { describe, expect, it } from 'vitest';
import { plainContainer } from '../../providers/contract/conformance/plain-spec.ts';
import { ProviderError } from '../../providers/contract/index.ts';
import { mockCapabilities } from '../../providers/mock/capabilities.ts';
import { processCapabilities } from '../../providers/process/capabilities.ts';
import type { Pod } from '../kube/types.ts';
import { FakeClock } from '../telemetry/fake-clock.ts';
import { silentLog } from '../telemetry/log.ts';
import { addEphemeral, type EphemeralDeps, ephemeralToAdd } from './ephemeral-containers.ts';
import { createRecord } from './pod-record.ts';
import type { EphemeralResolution } from './specs/spec-source.ts';
import { aContainer, anInstance, aPod } from './testing/objects.ts';

const pod = aPod({
  spec: {
    ephemeralContainers: [
      { name: 'one', image: 'tools' },
      { name: 'two', image: 'tools' },
    ],
  },
});
const instance = anInstance();
const capabilities = () => mockCapabilities;
const never = new AbortController().signal;

describe('ephemeralToAdd', () => {
  const due = (records = createRecord(0).ephemeral, of = pod, shown = instance) =>
    ephemeralToAdd(of, shown, records, 1000);

  it('names those that are new, and those whose time has come', () => {
    expect(due()).toEqual({ names: ['one', 'two'] });
    const waiting = (retryAt: number) => ({ added: false, retryAt, failures: 1 });
    expect(due(new Map([['one', waiting(1001)]]))).toEqual({ names: ['two'], wakeAt: 1001 });
    expect(due(new Map([['one', waiting(1000)]])).names).toEqual(['one', 'two']);
    expect(due(new Map([['one', waiting(Infinity)]]))).toEqual({ names: ['two'] });
    expect(due(new Map([['one', { added: true, retryAt: Infinity, failures: 0 }]])).names).toEqual(['two']);
  });

  it('leaves out those that have run, be it in the time of an earlier process', () => {
    const shown = anInstance({ containers: [aContainer({ name: 'one', kind: 'ephemeral' })] });
    expect(due(undefined, pod, shown).names).toEqual(['two']);
    const ended = { name: 'two', image: 'tools', imageID: '', restartCount: 0, ready: false };
    const told = { ...pod, status: { ephemeralContainerStatuses: [{ ...ended, containerID: 'mock://x' }] } };
    expect(due(undefined, told).names).toEqual(['one']);
    const waits = { ...pod, status: { ephemeralContainerStatuses: [ended] } };
    expect(due(undefined, waits).names).toEqual(['one', 'two']);
  });
});

function stage(given: Partial<EphemeralDeps> & { resolution?: EphemeralResolution; pod?: Pod } = {}) {
  const clock = new FakeClock();
  const record = createRecord(0);
  const events: string[] = [];
  const added: string[] = [];
  const deps: EphemeralDeps = {
    ...{ clock, random: () => 0.5, log: silentLog },
    provider: { capabilities, addContainer: async (_ref, { name }) => void added.push(name) },
    admission: { refusal: () => undefined, ephemeralRefusal: () => undefined },
    specs: {
      ephemeral: async (_pod, names) =>
        new Map(
          names.map((name) => [
            name,
            given.resolution ?? { kind: 'container', spec: plainContainer(name, 'tools') },
          ]),
        ),
    },
    events: (_pod, type, reason, message, container) =>
      void events.push(`${type} ${reason} ${container}: ${message}`),
    ...given,
  };
  const add = (...names: string[]) =>
    addEphemeral(deps, { pod: given.pod ?? pod, record, instance }, names, never);
  const stateOf = (name: string) => {
    const { added: taken = false, verdict, retryAt = 0 } = record.ephemeral.get(name) ?? {};
    return [taken, verdict?.reason, (retryAt - clock.now()) / 1000];
  };
  return { add, record, events, added, stateOf, clock };
}

describe('addEphemeral', () => {
  it('hands them over once', async () => {
    const { add, added, stateOf, events } = stage();
    await add('one', 'two');
    expect(added).toEqual(['one', 'two']);
    expect(stateOf('two')).toEqual([true, undefined, Infinity]);
    expect(events).toEqual([]);
  });

  it('refuses one without a word about the other', async () => {
    const verdict = { reason: 'PrivilegedNotSupported', message: 'no machine' };
    const { add, added, stateOf, events } = stage({
      admission: {
        refusal: () => undefined,
        ephemeralRefusal: (_pod, name) => (name === 'one' ? verdict : undefined),
      },
    });
    await add('one', 'two');
    expect(added).toEqual(['two']);
    expect(stateOf('one')).toEqual([false, 'PrivilegedNotSupported', Infinity]);
    expect(events).toEqual(['Warning PrivilegedNotSupported one: no machine']);
  });

  it('tells what is not enforced of one that was let in with it, and asks the provider for nothing of it', async () => {
    const securityContext = { allowPrivilegeEscalation: false, runAsUser: 7 };
    const taken: unknown[] = [];
    const { add, events } = stage({
      pod: aPod({
        spec: {
          ephemeralContainers: [
            { name: 'one', image: 'tools' },
            { name: 'two', image: 'tools', securityContext },
          ],
        },
      }),
      provider: {
        capabilities: () => processCapabilities,
        addContainer: async (_ref, { securityContext: asked }) => void taken.push(asked),
      },
      resolution: { kind: 'container', spec: plainContainer('two', 'tools', { securityContext }) },
    });
    await add('two');
    expect(events).toEqual([
      'Warning NotEnforced two: Not enforced, as the operator of this node has consented to: allowPrivilegeEscalation (two): a host process is not confined: it has the rights of the daemon',
    ]);
    expect(taken).toEqual([{ runAsUser: 7 }]);
  });

  it('says of a provider without the means that it has none', async () => {
    const { add, stateOf } = stage({ provider: { capabilities } });
    await add('one');
    expect(stateOf('one')).toEqual([false, 'EphemeralContainersNotSupported', Infinity]);
  });

  it.each([
    ['waiting', 60],
    ['invalid', Infinity],
  ] as const)('a spec that is %s is looked at again after %d s, and told of once', async (kind, seconds) => {
    const verdict = { reason: 'CreateContainerConfigError', message: 'configmap "m" not found' };
    const { add, added, stateOf, events } = stage({ resolution: { kind, verdict } });
    await add('one');
    await add('one');
    expect(added).toEqual([]);
    expect(stateOf('one')).toEqual([false, verdict.reason, seconds]);
    expect(events).toEqual([
      kind === 'waiting'
        ? 'Warning Failed one: Error: configmap "m" not found'
        : 'Warning CreateContainerConfigError one: configmap "m" not found',
    ]);
  });

  it('tries again, later and later, when the provider fails, and never when it refuses the spec', async () => {
    let error: Error = new Error('connection reset');
    const { add, stateOf, record } = stage({
      provider: {
        capabilities,
        addContainer: async () => {
          throw error;
        },
      },
    });
    await add('one');
    const [added, reason, first] = stateOf('one');
    expect([added, reason]).toEqual([false, 'CreateContainerError']);
    await add('one');
    expect(stateOf('one')[2]).toBeGreaterThan(Number(first));
    error = new ProviderError('InvalidSpec', 'no such target', { reason: 'CreateContainerConfigError' });
    await add('one');
    expect(stateOf('one')).toEqual([false, 'CreateContainerConfigError', Infinity]);
    expect(record.ephemeral.get('one')?.verdict?.message).toBe('no such target');
  });
});
