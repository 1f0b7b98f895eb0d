import { expect, test } from 'vitest';
import { startFakeEci } from '../../test/fakes/eci/index.ts';
import { plainContainer, plainSpec } from '../contract/conformance/plain-spec.ts';
import type { InstanceRef, InstanceSpec } from '../contract/index.ts';
import { instanceToken, providerErrorKind } from '../contract/index.ts';
import type { EciProvider } from './provider.ts';
import { connect, hurried, optionsFor, purchased } from './testing/harness.ts';

const scope = { clusterUid: 'cluster', node: 'burst' };
const pods = 25;

/** As the node does it: repeats what is worth repeating, with whatever provider there is by then. */
async function persist<T>(
  work: (provider: EciProvider) => Promise<T>,
  provider: () => EciProvider,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(provider());
    } catch (error) {
      const kind = providerErrorKind(error);
      if ((kind !== 'Retryable' && kind !== 'AuthFailed') || attempt === 50) throw error;
    }
  }
}

test.each([1, 2])(
  'answers are lost, calls cut and refused, the daemon restarts: none doubled, none left (seed %i)',
  async (seed) => {
    const fake = await startFakeEci({
      ...hurried,
      seed,
      stages: { schedulingMs: 5, pendingMs: 10, releasingMs: 50 },
    });
    let provider = await connect(fake);
    const patience = AbortSignal.timeout(15_000);
    const specs: InstanceSpec[] = Array.from({ length: pods }, (_, number) => {
      const owner = {
        ...scope,
        namespace: 'default',
        name: `web-${number}`,
        podUid: `uid-${number}`,
        attempt: 0,
      };
      return purchased(plainSpec(owner, [plainContainer('main', 'nginx')]), optionsFor(fake));
    });
    const current = (): EciProvider => provider;
    const restart = async (): Promise<void> => {
      const old = provider;
      provider = await connect(fake);
      await old.close();
    };
    for (const action of ['CreateContainerGroup', 'DeleteContainerGroup', 'DescribeContainerGroups']) {
      fake.cloud.faults.sometimes(action, { kind: 'lost' }, 0.15);
      fake.cloud.faults.sometimes(action, { kind: 'cut' }, 0.1);
      fake.cloud.faults.sometimes(action, { kind: 'late', ms: 30 }, 0.05);
      fake.cloud.faults.sometimes(action, { kind: 'fail', status: 500, code: 'InternalError' }, 0.1);
    }
    const creations = specs.map((spec) =>
      persist((by) => by.create(spec, instanceToken(spec.owner), patience), current),
    );
    await Promise.race(creations);
    await restart();
    const refs: InstanceRef[] = (await Promise.all(creations)).map(({ ref }) => ref);
    expect(new Set(refs.map(({ id }) => id)).size).toBe(pods);
    // What a late call has its effect on is made by now.
    await persist((by) => by.list(scope, patience), current);
    expect(
      fake.cloud
        .instances()
        .map(({ id }) => id)
        .toSorted(),
    ).toEqual(refs.map(({ id }) => id).toSorted());
    const deletions = refs.map((ref) => persist((by) => by.delete(ref, patience), current));
    await Promise.race(deletions);
    await restart();
    await Promise.all(deletions);
    expect(fake.cloud.present().map(({ id, status }) => `${id} ${status}`)).toEqual([]);
    fake.cloud.faults.clear();
    expect(await persist((by) => by.list(scope, patience), current)).toEqual([]);
    expect(fake.cloud.instances()).toHaveLength(pods);
    await provider.close();
    await fake.close();
  },
);
