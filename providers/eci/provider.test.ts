import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FakeEci } from '../../test/fakes/eci/index.ts';
import { startFakeEci } from '../../test/fakes/eci/index.ts';
import { plainContainer, plainSpec } from '../contract/conformance/plain-spec.ts';
import type { Instance, InstanceEvent, InstanceSpec, Notice, ProviderErrorKind } from '../contract/index.ts';
import { instanceToken, ProviderError } from '../contract/index.ts';
import type { EciProvider } from './provider.ts';
import { connect, hurried, optionsFor, purchased } from './testing/harness.ts';

const scope = { clusterUid: 'cluster', node: 'burst' };
const patienceMs = 10_000;

let fake: FakeEci;
let provider: EciProvider;
let stop: AbortController;
let count = 0;

beforeEach(async () => {
  fake = await startFakeEci(hurried);
  provider = await connect(fake);
  stop = new AbortController();
});

afterEach(async () => {
  stop.abort();
  await provider.close();
  await fake.close();
  expect(fake.cloud.book.departures, 'requests unlike the SDK model').toEqual([]);
});

function signal(): AbortSignal {
  return AbortSignal.any([stop.signal, AbortSignal.timeout(patienceMs)]);
}

function aPod(env: Readonly<Record<string, string>> = {}, more: Partial<InstanceSpec> = {}): InstanceSpec {
  const number = count++;
  const owner = {
    ...scope,
    namespace: 'default',
    name: `web-${number}`,
    podUid: `uid-${number}`,
    attempt: 0,
  };
  const variables = Object.entries(env).map(([name, value]) => ({ name, value, secret: false }));
  const spec = plainSpec(owner, [plainContainer('main', 'nginx', { env: variables })], more);
  return more.purchase ? spec : purchased(spec, optionsFor(fake));
}

function create(spec: InstanceSpec, by = provider): Promise<Instance> {
  return by.create(spec, instanceToken(spec.owner), signal());
}

async function failure(work: Promise<unknown>): Promise<ProviderError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ProviderError) return error;
  throw new Error(`expected a ProviderError, found ${String(error)}`);
}

/** What an observer is told, from now on. */
function watch(): {
  readonly events: InstanceEvent[];
  readonly ended: Promise<void>;
  until(fits: (instance: Instance) => boolean): Promise<Instance>;
} {
  const events: InstanceEvent[] = [];
  const ended = provider.observe(scope, (event) => events.push(event), stop.signal);
  ended.catch(() => undefined);
  return {
    events,
    ended,
    until: (fits) =>
      eventually(() => {
        for (const event of events)
          if (event.type === 'changed' && fits(event.instance)) return event.instance;
        return undefined;
      }),
  };
}

async function eventually<T>(look: () => T | undefined): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error('waited in vain');
    await sleep(20);
  }
}

describe('one instance per token', () => {
  test.each(['lost', 'cut'] as const)('when the answer is %s', async (kind) => {
    const spec = aPod();
    fake.cloud.faults.next('CreateContainerGroup', { kind });
    expect((await failure(create(spec))).kind).toBe('Retryable');
    const { ref } = await create(spec);
    expect(fake.cloud.instances().map(({ id }) => id)).toEqual([ref.id]);
    expect(fake.cloud.book.count('CreateContainerGroup')).toBe(kind === 'lost' ? 1 : 2);
  });

  test('when the call has its effect long after it was given up', async () => {
    const spec = aPod();
    fake.cloud.faults.next('CreateContainerGroup', { kind: 'late', ms: 200 });
    await failure(create(spec));
    const { ref } = await create(spec);
    await sleep(300);
    expect(fake.cloud.instances().map(({ id }) => id)).toEqual([ref.id]);
  });

  test('when the daemon that asked is gone, and the Pod has changed meanwhile', async () => {
    const spec = aPod();
    fake.cloud.faults.next('CreateContainerGroup', { kind: 'lost' });
    await failure(create(spec));
    const next = await connect(fake);
    const { ref } = await create({ ...spec, hostname: 'another' }, next);
    await next.close();
    expect(fake.cloud.instances().map(({ id }) => id)).toEqual([ref.id]);
  });

  test('a second attempt is another instance', async () => {
    const first = aPod();
    const { ref } = await create(first);
    const second = await create({ ...first, owner: { ...first.owner, attempt: 1 } });
    expect(second.ref.id).not.toBe(ref.id);
  });
});

describe('an empty answer', () => {
  test('is the truth in an account that uses nothing', async () => {
    expect(await provider.list(scope, signal())).toEqual([]);
  });

  test('is no truth without permission: nothing is taken for gone', async () => {
    const { ref } = await create(aPod());
    const { events, ended, until } = watch();
    await until(({ phase }) => phase === 'Running');
    fake.cloud.account.denied.add('DescribeContainerGroups').add('DescribeContainerGroupStatus');
    const denied = await failure(provider.list(scope, signal()));
    expect(denied.kind).toBe('AuthFailed');
    expect(denied.message).toContain('eci:DescribeContainerGroups');
    expect(events.filter(({ type }) => type === 'gone')).toEqual([]);
    const restarted = await connect(fake);
    expect((await failure(restarted.list(scope, signal()))).kind).toBe('AuthFailed');
    await restarted.close();
    fake.cloud.account.denied.clear();
    expect((await provider.list(scope, signal())).map((each) => each.ref.id)).toEqual([ref.id]);
    stop.abort();
    await ended;
  });

  test('pages that are not full are not the last ones', async () => {
    const scarce = await startFakeEci({ ...hurried, pageFill: 0.1 });
    const other = await connect(scarce);
    const made = await Promise.all(
      Array.from({ length: 30 }, () => create(purchased(aPod(), optionsFor(scarce)), other)),
    );
    expect((await other.list(scope, signal())).map(({ ref }) => ref.id).toSorted()).toEqual(
      made.map(({ ref }) => ref.id).toSorted(),
    );
    await other.close();
    await scarce.close();
  });

  test('a page that cannot be read rejects the listing', async () => {
    await create(aPod());
    fake.cloud.faults.always('DescribeContainerGroups', { kind: 'fail', status: 500, code: 'InternalError' });
    expect((await failure(provider.list(scope, signal()))).kind).toBe('Retryable');
  });
});

describe('what is not to be had', () => {
  test('at once: OutOfStock names the offer, and nothing was made', async () => {
    fake.cloud.telling.stock = 'at once';
    fake.cloud.stock.set({}, 0);
    const spec = aPod();
    const { kind, offer } = await failure(create(spec));
    expect([kind, offer]).toEqual(['OutOfStock', spec.purchase?.offer]);
    expect(fake.cloud.instances()).toEqual([]);
  });

  test('later: the instance stops for it, unbilled and never started', async () => {
    fake.cloud.stock.set({}, 0);
    const { until } = watch();
    await create(aPod());
    const { stopCause, billing, containers } = await until(({ phase }) => phase === 'Stopped');
    expect(stopCause).toMatchObject({ kind: 'OutOfStock', reason: 'NoStock' });
    expect(billing).toBeUndefined();
    expect(containers.every(({ id }) => id === '')).toBe(true);
  });
});

describe('spot', () => {
  const offer = 'cn-hangzhou-h/spot';
  const size = { name: '2.0-4.0Gi', cpuMillis: 2000, memoryBytes: 4 * 2 ** 30 };
  const purchase = { offer, market: 'spot', size } as const;

  test('a notice comes before the end, and the end says why', async () => {
    const spot = await connect(fake, undefined, { spot: {} });
    await provider.close();
    provider = spot;
    expect(provider.offers().map(({ id }) => id)).toEqual([
      'cn-hangzhou-h/spot',
      'cn-hangzhou-i/spot',
      'cn-hangzhou-h/on-demand',
      'cn-hangzhou-i/on-demand',
    ]);
    const { events, until } = watch();
    const { ref } = await create(aPod({}, { purchase }));
    await until(({ containers }) => containers.some(({ ready }) => ready));
    fake.cloud.interrupt(ref.id, 1500);
    const told = await until(({ interruption }) => interruption !== undefined);
    expect(told.phase).toBe('Running');
    const { stopCause, billing, containers } = await until(({ phase }) => phase === 'Stopped');
    expect(stopCause).toMatchObject({ kind: 'Interrupted', reason: 'BidFailed' });
    expect(containers[0]?.state.kind).toBe('terminated');
    expect(billing?.endedAt).toBeDefined();
    const notices = events.flatMap((event): Notice[] => (event.type === 'notice' ? [event.notice] : []));
    expect(notices.map(({ reason }) => reason)).toContain('SpotToBeReleased');
  });
});

test('the bill is that of the vendor, to the second', async () => {
  const { until } = watch();
  await create(
    aPod({ BURSTLET_FAKE_EXIT: '3', BURSTLET_FAKE_EXIT_AFTER_MS: '1200' }, { restartPolicy: 'Never' }),
  );
  const { billing, containers } = await until(
    ({ phase, billing: bill }) => phase === 'Stopped' && bill?.endedAt !== undefined,
  );
  const [line] = fake.cloud.bill();
  const seconds = (text = ''): number => Date.parse(text) / 1000;
  expect(seconds(billing?.endedAt) - seconds(billing?.startedAt)).toBe(line?.seconds);
  expect(containers[0]?.state).toMatchObject({ kind: 'terminated', exitCode: 3, reason: 'Error' });
});

test('what the platform loses while it runs is gone; what it loses on its way out has stopped', async () => {
  const { events, until } = watch();
  const [lost, leaving] = await Promise.all([create(aPod()), create(aPod())]);
  await until(({ ref, phase }) => ref.id === lost.ref.id && phase === 'Running');
  await until(({ ref, phase }) => ref.id === leaving.ref.id && phase === 'Running');
  await provider.stop(leaving.ref, { gracePeriodSeconds: 60 }, signal());
  fake.cloud.vanish(leaving.ref.id);
  fake.cloud.vanish(lost.ref.id);
  const stopped = await until(({ ref, phase }) => ref.id === leaving.ref.id && phase === 'Stopped');
  expect(stopped.containers[0]?.state).toMatchObject({ exitCode: 137, reason: 'ContainerStatusUnknown' });
  await provider.list(scope, signal());
  await eventually(() => events.find((event) => event.type === 'gone' && event.ref.id === lost.ref.id));
  expect(events.some((event) => event.type === 'gone' && event.ref.id === leaving.ref.id)).toBe(false);
});

test('a refused call is not a storm: what waits behind it waits', async () => {
  fake.cloud.faults.next('CreateContainerGroup', { kind: 'throttle' });
  const leave = AbortSignal.timeout(1_000);
  const specs = Array.from({ length: 200 }, () => aPod());
  const outcomes = await Promise.allSettled(
    specs.map((spec) => provider.create(spec, instanceToken(spec.owner), leave)),
  );
  expect(outcomes.some(({ status }) => status === 'rejected')).toBe(true);
  expect(fake.cloud.book.count('CreateContainerGroup')).toBeLessThanOrEqual(64);
});

test('prices are those of the list, then what the vendor says of one size, then of what was bought', async () => {
  const spot = await connect(fake, undefined, { spot: {} });
  await provider.close();
  provider = spot;
  fake.cloud.faults.next('DescribeContainerGroupPrice', { kind: 'fail', status: 403, code: 'Forbidden.RAM' });
  const rates = (): string[] => provider.offers().map(({ rates: each }) => String(each?.source));
  expect(new Set(rates())).toHaveLength(1);
  watch();
  await eventually(() => (rates()[0]?.includes('spot price') ? true : undefined));
  const [first, , last] = provider.offers();
  expect(last?.rates?.asOf, 'refused: the list stays').toBe('2024-11-27');
  expect((first?.rates?.perCpuSecond ?? 0) / (last?.rates?.perCpuSecond ?? 1)).toBeCloseTo(0.2, 5);
  const size = { name: '1.0-2.0Gi', cpuMillis: 1000, memoryBytes: 2 ** 31 };
  await create(aPod({}, { purchase: { offer: must(last).id, market: 'on-demand', size } }));
  const price = await eventually(
    () => provider.offers()[2]?.sizes.find(({ name }) => name === size.name)?.pricePerSecond,
  );
  expect(price).toBeCloseTo(0.000049 + 2 * 0.00000613, 9);
});

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('there is none');
  return value;
}

test('capacity is the quota of the region, less what others use', async () => {
  await create(aPod());
  const { instances, resources } = await provider.capacity(signal());
  expect([instances, resources.cpuMillis]).toEqual([1000, 10_000_000]);
  expect(resources.ephemeralStorageBytes).toBe(1000 * 30 * 2 ** 30);
  const other = await connect(fake);
  expect((await other.capacity(signal())).resources.cpuMillis).toBe(9_999_750);
  await other.close();
});

describe('one clear error each', () => {
  test.each<[string, () => void, ProviderErrorKind, RegExp]>([
    [
      'money',
      () => {
        fake.cloud.account.inArrears = true;
      },
      'QuotaExceeded',
      /billing console/,
    ],
    [
      'quota',
      () => {
        fake.cloud.quotaCpu = 0;
      },
      'QuotaExceeded',
      /quota/,
    ],
    [
      'permission',
      () => {
        fake.cloud.account.denied.add('CreateContainerGroup');
      },
      'AuthFailed',
      /burst-to-eci/,
    ],
    [
      'token',
      () => {
        fake.cloud.account.tokenExpired = true;
      },
      'AuthFailed',
      /security token/,
    ],
    [
      'clock',
      () => fake.cloud.faults.next('*', { kind: 'fail', status: 400, code: 'InvalidTimeStamp.Expired' }),
      'AuthFailed',
      /clock/,
    ],
    [
      'region',
      () => fake.cloud.faults.next('*', { kind: 'fail', status: 404, code: 'InvalidRegionId.NotFound' }),
      'AuthFailed',
      /provider\.options\.region/,
    ],
  ])('%s', async (_, arrange, kind, message) => {
    arrange();
    const spec = aPod();
    const error = await failure(create(spec));
    expect(error.kind).toBe(kind);
    expect(error.message).toMatch(message);
    expect(fake.cloud.book.count('CreateContainerGroup')).toBe(1);
  });

  test('wrong keys', async () => {
    const stranger = await connect(fake, undefined, {
      credentials: { accessKeyId: 'LTAIfake', accessKeySecret: 'wrong' },
    });
    const error = await failure(create(aPod(), stranger));
    await stranger.close();
    expect(error.kind).toBe('AuthFailed');
    expect(error.message).toMatch(/access key/);
  });

  test('nothing of a request is in an error, even if the vendor repeats it', async () => {
    const secret = 'correct-horse-battery';
    const spec = aPod();
    const [container] = spec.containers;
    const withSecret = {
      ...spec,
      containers: [{ ...must(container), env: [{ name: 'PASSWORD', value: secret, secret: true }] }],
    };
    fake.cloud.faults.next('CreateContainerGroup', {
      kind: 'fail',
      status: 400,
      code: 'InvalidParameter',
      message: `The value ${secret} is not valid`,
    });
    const refused = await failure(create(withSecret));
    expect(refused.kind).toBe('InvalidSpec');
    fake.cloud.faults.next('CreateContainerGroup', { kind: 'cut' });
    const lost = await failure(create(withSecret));
    for (const error of [refused, lost]) {
      const whole = `${error.message} ${error.stack} ${JSON.stringify(error)} ${String(error.cause)}`;
      expect(whole).not.toContain(secret);
      expect(whole).not.toContain('fake-secret');
    }
  });
});
