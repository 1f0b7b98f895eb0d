import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MockCloud } from '../../mock/cloud.ts';
import { MockProvider } from '../../mock/provider.ts';
import { mockHarness } from '../../mock/testing/harness.ts';
import type { ContainerStats, Instance, InstanceProvider } from '../index.ts';
import { ProviderError, refused } from '../index.ts';
import type { Patience } from './harness.ts';
import { moduleHarness, providerConformance } from './index.ts';

type Replaced = { readonly [K in keyof InstanceProvider]?: InstanceProvider[K] | undefined };
type Breakage = (provider: MockProvider, cloud: MockCloud) => Replaced;

/** A mock provider in which some methods are replaced. */
function broken(cloud: MockCloud, breakage: Breakage): InstanceProvider {
  const provider = new MockProvider({ cloud });
  const replaced = breakage(provider, cloud);
  return new Proxy<InstanceProvider>(provider, {
    get(target, key) {
      const value: unknown = Reflect.has(replaced, key)
        ? Reflect.get(replaced, key)
        : Reflect.get(target, key);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
}

/** One defect each, the words of the case that must find it, and what it must say. */
const defects: readonly [name: string, caseName: string, says: RegExp, breakage: Breakage][] = [
  [
    'forgets a feature',
    'capabilities decide',
    /without a decision: spec.hostNetwork/,
    (provider) => ({
      capabilities() {
        const { features, ...rest } = provider.capabilities();
        const { 'spec.hostNetwork': _left, ...others } = features;
        return { ...rest, features: others as typeof features };
      },
    }),
  ],
  [
    'refuses without a way out',
    'capabilities decide',
    /spec.hostPID is refused without saying what to do instead/,
    (provider) => ({
      capabilities() {
        const table = provider.capabilities();
        return { ...table, features: { ...table.features, 'spec.hostPID': refused('no host', ' ') } };
      },
    }),
  ],
  [
    'creates anew for the same token',
    'one after the other',
    /Expected values to be strictly deep-equal/,
    (provider) => ({
      create: (spec, _token, signal) => provider.create(spec, String(Math.random()), signal),
    }),
  ],
  [
    'looks for the token and creates in two steps',
    'all at once',
    /five calls made several instances/,
    (provider, cloud) => ({
      async create(spec, token, signal) {
        const [known] = cloud.instances(spec.owner.podUid);
        await new Promise((resolve) => setTimeout(resolve, 5));
        return known ?? provider.create(spec, `${token}${Math.random()}`, signal);
      },
    }),
  ],
  [
    'creates although nobody waits any more',
    'a signal that has fired rejects and creates nothing',
    /create resolved/,
    (provider) => ({ create: (spec, token) => provider.create(spec, token, new AbortController().signal) }),
  ],
  [
    'lists a page too few',
    'list shows every instance',
    /strictly deep-equal/,
    (_provider, cloud) => ({ list: async (scope) => cloud.list(scope).slice(1) }),
  ],
  [
    'lists what belongs to others',
    'other nodes and other clusters',
    /lists it/,
    (_provider, cloud) => ({ list: async () => cloud.instances() }),
  ],
  [
    'never ends to observe',
    'observe ends promptly',
    /expected within .* observe ends after its signal/,
    (provider) => ({
      observe: (scope, listener) => provider.observe(scope, listener, new AbortController().signal),
    }),
  ],
  [
    'tells nothing of the end',
    'delete ends a running instance',
    /is gone; last seen Running/,
    (provider) => ({
      observe: (scope, listener, signal) =>
        provider.observe(
          scope,
          (event) => {
            if (event.type !== 'gone') listener(event);
          },
          signal,
        ),
    }),
  ],
  [
    'changes what it handed out',
    'observe reports a whole life',
    /was changed after it was handed out/,
    (provider) => ({
      observe: (scope, listener, signal) => {
        const one: { instance?: Instance } = {};
        return provider.observe(
          scope,
          (event) => {
            if (event.type !== 'changed') return listener(event);
            one.instance = Object.assign(one.instance ?? {}, event.instance);
            listener({ type: 'changed', instance: one.instance });
          },
          signal,
        );
      },
    }),
  ],
  [
    'goes back in time',
    'observe reports a whole life',
    /went back from Stopped to Running/,
    (provider) => ({
      observe: (scope, listener, signal) =>
        provider.observe(
          scope,
          (event) => {
            listener(event);
            if (event.type === 'changed' && event.instance.phase === 'Stopped')
              listener({ type: 'changed', instance: { ...event.instance, phase: 'Running' } });
          },
          signal,
        ),
    }),
  ],
  [
    'kills at once',
    'stop kills when the grace period is over',
    /killed after 0.\d s of a grace period of 2 s/,
    (_provider, cloud) => ({ stop: async (ref) => cloud.stop(ref, 0) }),
  ],
  [
    'never kills',
    'stop kills when the grace period is over',
    /is Stopped; last seen Stopping with main running/,
    (_provider, cloud) => ({ stop: async (ref) => cloud.stop(ref, 3600) }),
  ],
  [
    'stops what is not there',
    'stop of an unknown instance',
    /expected NotFound, but the call succeeded/,
    (provider) => ({
      stop: (ref, options, signal) => provider.stop(ref, options, signal).catch(() => undefined),
    }),
  ],
  [
    'throws just any error',
    'stop of an unknown instance',
    /expected a ProviderError, got Error: 404/,
    () => ({
      stop: async () => {
        throw new Error('404');
      },
    }),
  ],
  [
    'cannot delete twice',
    'delete may be repeated',
    /already deleted/,
    (_provider, cloud) => ({
      async delete(ref) {
        if (!cloud.has(ref.id)) throw new ProviderError('NotFound', 'already deleted');
        cloud.delete(ref);
      },
    }),
  ],
  [
    'says it deleted and did not',
    'delete right after create',
    /strictly deep-equal/,
    () => ({ delete: async () => undefined }),
  ],
  [
    'takes every end for a success',
    'exit codes are exact',
    /strictly deep-equal/,
    (provider) => ({
      observe: (scope, listener, signal) =>
        provider.observe(
          scope,
          (event) => listener(JSON.parse(JSON.stringify(event).replaceAll('"exitCode":3', '"exitCode":0'))),
          signal,
        ),
    }),
  ],
  [
    'gives the whole log, whatever is asked',
    'tail is counted first',
    /strictly deep-equal/,
    (provider) => ({
      logs: (ref, { container, previous, follow }, signal) =>
        provider.logs(ref, { container, previous, follow }, signal),
    }),
  ],
  [
    'tells a secret in an error',
    'secrets appear',
    /a secret can be read/,
    (provider) => ({
      create: (spec, token, signal) =>
        provider.create(spec, token, signal).catch(() => {
          throw new ProviderError('InvalidSpec', `refused: ${JSON.stringify(spec)}`);
        }),
    }),
  ],
  [
    'measures a falling counter',
    'stats measure',
    /CPU time fell/,
    (provider) => {
      let next = 1e12;
      return {
        async stats(scope, signal) {
          const all = await provider.stats(scope, signal);
          const fallen = all[0]?.containers[0];
          if (fallen === undefined || all[0] === undefined) return all;
          return [{ ...all[0], containers: [{ ...fallen, cpuNanoSeconds: next-- }] }];
        },
      };
    },
  ],
  [
    'measures what cannot be',
    'stats measure',
    /memoryRssBytes is NaN, and cannot be/,
    (provider) => ({
      async stats(scope, signal) {
        const all = await provider.stats(scope, signal);
        const spoilt = (one: ContainerStats) => ({ ...one, memoryRssBytes: Number.NaN });
        return all.map((one) => ({ ...one, containers: one.containers.map(spoilt) }));
      },
    }),
  ],
  [
    'has no logs and does not say so',
    'optional abilities',
    /has no logs; if that is meant/,
    () => ({ logs: undefined }),
  ],
];

/** Found by waiting for what does not come; the others have the time that a busy machine takes. */
const silences = new Set(['never ends to observe', 'tells nothing of the end', 'never kills']);

function patienceOf(seconds: number): Patience {
  return { start: seconds, end: seconds, call: seconds };
}

describe.concurrent('the kit finds a provider that', () => {
  it.for(defects)('%s', async ([name, caseName, says, breakage], { expect }) => {
    const patience = patienceOf(silences.has(name) ? 0.5 : 20);
    const cases = providerConformance(
      mockHarness({ patience, connect: (cloud) => broken(cloud, breakage) }),
    ).filter(({ name }) => name.includes(caseName));
    expect(cases).toHaveLength(1);
    await expect(cases[0]?.run()).rejects.toThrow(says);
  });

  it('loses everything in a restart', async ({ expect }) => {
    const harness = mockHarness({
      patience: patienceOf(0.5),
      connect: () => new MockProvider({ cloud: new MockCloud() }),
    });
    const cases = providerConformance(harness).filter(({ name }) => name.includes('restarted daemon'));
    expect(cases).toHaveLength(3);
    for (const { run } of cases) await expect(run()).rejects.toThrow();
  });

  it('leaves something at its backend', async ({ expect }) => {
    const harness = mockHarness({ patience: patienceOf(0.5) });
    const [first] = providerConformance({
      ...harness,
      backend: async () => ({ ...(await harness.backend()), leftovers: async () => ['process 17'] }),
    });
    await expect(first?.run()).rejects.toThrow('left after everything was deleted: process 17');
  });
});

describe('providerConformance', () => {
  it('leaves out what the harness says, with the reason', () => {
    const { skip: _own, ...harness } = mockHarness();
    const cases = providerConformance({
      ...harness,
      lacks: ['stats', 'attach'],
      skip: { 'exit codes are exact': 'the platform hides them' },
    });
    const skipped = cases.filter(({ skip }) => skip !== undefined).map(({ name, skip }) => [name, skip]);
    expect(skipped).toEqual([
      ['exit codes are exact', 'the platform hides them'],
      ['stats measure what runs, and CPU time never falls', 'the provider lacks stats'],
      ...cases
        .filter(({ name }) => name.startsWith('attach'))
        .map(({ name }) => [name, 'the provider lacks attach']),
    ]);
  });

  it('refuses to skip what is not there', () => {
    expect(() => providerConformance({ ...mockHarness(), skip: { typo: 'x' } })).toThrow(
      'harness.skip names no case of the kit: typo',
    );
  });

  it('has cases with names of their own', () => {
    const names = providerConformance(mockHarness()).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  it('finds an ability that the harness denies', async () => {
    const cases = providerConformance({ ...mockHarness(), lacks: ['logs', 'exec', 'attach', 'portForward'] });
    await expect(cases.at(-1)?.run()).rejects.toThrow(
      'the provider has logs, which the harness says it lacks',
    );
  });

  it('gives each case of a module a state folder that goes away', async () => {
    const folders: string[] = [];
    const harness = moduleHarness({
      createProvider({ stateDir }) {
        folders.push(stateDir);
        return new MockProvider({ cloud: new MockCloud() });
      },
    });
    for (const { run } of providerConformance(harness).slice(0, 2)) await run();
    expect(new Set(folders).size).toBe(2);
    expect(folders.some((folder) => existsSync(folder))).toBe(false);
  });
});
