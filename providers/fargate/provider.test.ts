import { ECS } from '@aws-sdk/client-ecs';
import { describe, expect, test } from 'vitest';
import type { FakeEcs } from '../../test/fakes/ecs/index.ts';
import type { InstanceRef, InstanceSpec, LogQuery, Probe } from '../contract/index.ts';
import { wallClock } from '../contract/index.ts';
import { aContainer, aSpec, owner, purchased } from './testing/fixtures.ts';
import { FargateStage } from './testing/stage.ts';

/** A Pod with a UID of its own. */
function pod(uid: string, more: Partial<InstanceSpec> = {}): InstanceSpec {
  return aSpec([aContainer()], {
    owner: { ...owner, podUid: uid },
    terminationGracePeriodSeconds: 2,
    ...more,
  });
}

function scripted(script: object): InstanceSpec['containers'] {
  return [
    aContainer({ env: [{ name: 'BURSTLET_FAKE_SCRIPT', value: JSON.stringify(script), secret: false }] }),
  ];
}

function withQueue({ cloud, endpoint }: FakeEcs): { queueUrl: string } {
  cloud.queue('changes');
  return { queueUrl: `${endpoint}/123456789012/changes` };
}

/** Resolves when there were so many calls of it; the test's own limit ends the wait. */
async function called(stage: FargateStage, action: string, times: number): Promise<void> {
  while (calls(stage, action) < times) await new Promise((resolve) => setTimeout(resolve, 5));
}

function calls(stage: FargateStage, action: string): number {
  return stage.fake.cloud.calls.of(action).length;
}

describe.concurrent('create', () => {
  test('buys exactly what was chosen, and tags it in the same call', async () => {
    await using stage = await FargateStage.start();
    await stage.create(purchased(pod('a'), 'spot', 'us-east-1b'));
    const [made] = stage.fake.cloud.instances();
    expect(made?.task).toMatchObject({
      capacityProviderName: 'FARGATE_SPOT',
      availabilityZone: 'us-east-1b',
      cpu: '256',
      memory: '512',
    });
    expect(made?.task.startedBy).toMatch(/^burstlet\/[0-9a-f]{40}$/);
    expect(made?.task.tags).toContainEqual({ key: 'burstlet.dev/uid', value: 'a' });
  });

  test('whose answer was lost gives the same task when it is repeated', async () => {
    await using stage = await FargateStage.start();
    stage.fake.cloud.faults.plan('RunTask', { kind: 'lose' });
    await expect(stage.create(pod('a'))).rejects.toMatchObject({ kind: 'Retryable' });
    const { ref } = await stage.create(pod('a'));
    expect(stage.fake.cloud.instances().map(({ task }) => task.taskArn)).toEqual([ref.id]);
  });

  test('repeated in other words finds the task of the token', async () => {
    await using stage = await FargateStage.start();
    const { ref } = await stage.create(pod('a'));
    const changed = pod('a', { containers: scripted({ logs: ['new'] }) });
    expect((await stage.create(changed)).ref).toEqual(ref);
    expect(stage.fake.cloud.instances()).toHaveLength(1);
  });

  test('of one that has stopped gives it as it is', async () => {
    await using stage = await FargateStage.start();
    const { ref } = await stage.create(
      pod('a', { containers: scripted({ exits: [{ code: 3, afterMs: 0 }] }) }),
    );
    await stage.until(ref.id, ({ phase }) => phase === 'Stopped');
    const again = await stage.create(
      pod('a', { containers: scripted({ exits: [{ code: 3, afterMs: 0 }] }) }),
    );
    expect(again).toMatchObject({ ref, phase: 'Stopped' });
  });

  test('without stock is OutOfStock of that offer, at once', async () => {
    await using stage = await FargateStage.start();
    stage.fake.cloud.stock.set('us-east-1a', 'spot', 0);
    await expect(stage.create(purchased(pod('a'), 'spot'))).rejects.toMatchObject({
      kind: 'OutOfStock',
      offer: 'us-east-1a/spot',
    });
    await stage.create(purchased(pod('a'), 'on-demand'));
    expect(stage.fake.cloud.instances()).toHaveLength(1);
  });

  test('whose lack of stock shows later ends as OutOfStock', async () => {
    await using stage = await FargateStage.start();
    stage.fake.cloud.stock.set('*', 'on-demand', 0);
    stage.fake.cloud.stock.tellsLate = true;
    const { ref } = await stage.create(pod('a'));
    const ended = await stage.until(ref.id, ({ phase }) => phase === 'Stopped');
    expect(ended).toMatchObject({ stopCause: { kind: 'OutOfStock', reason: 'NoCapacity' } });
    expect(ended).not.toHaveProperty('billing');
  });

  test('beyond the quota is QuotaExceeded', async () => {
    await using stage = await FargateStage.start();
    stage.fake.cloud.quota.set('on-demand', 0);
    await expect(stage.create(pod('a'))).rejects.toMatchObject({ kind: 'QuotaExceeded' });
  });

  test('registers one definition for Pods that differ in variables, also after a restart', async () => {
    await using stage = await FargateStage.start();
    await Promise.all(['a', 'b', 'c'].map((uid) => stage.create(pod(uid, { hostname: uid }))));
    await stage.restart();
    await stage.create(pod('d', { hostname: 'd' }));
    expect(calls(stage, 'RegisterTaskDefinition')).toBe(1);
  });

  test('registers anew what another node has deregistered', async () => {
    await using stage = await FargateStage.start();
    await stage.create(pod('a'));
    const { endpoint, credentials, cloud } = stage.fake;
    const ecs = new ECS({ endpoint, credentials, region: cloud.region });
    await ecs.deregisterTaskDefinition({ taskDefinition: cloud.instances()[0]?.task.taskDefinitionArn });
    ecs.destroy();
    const { ref } = await stage.create(pod('b'));
    await stage.until(ref.id, ({ phase }) => phase === 'Running');
    expect(calls(stage, 'RegisterTaskDefinition')).toBe(2);
  });

  test('keeps no more definitions than it may, and retires those used longest ago', async () => {
    await using stage = await FargateStage.start({ options: () => ({ taskDefinitions: 2 }) });
    for (const image of ['one', 'two', 'one', 'three'])
      await stage.create(pod(`${image}-${stage.events.length}`, { containers: [aContainer({ image })] }));
    await called(stage, 'DeregisterTaskDefinition', 1);
    const registered = calls(stage, 'RegisterTaskDefinition');
    await stage.create(pod('again', { containers: [aContainer({ image: 'one' })] }));
    expect(calls(stage, 'RegisterTaskDefinition')).toBe(registered);
  });
});

test('the rates of ECS are never reached', async () => {
  await using stage = await FargateStage.start({ fake: { rates: {} }, clock: wallClock });
  const made = await Promise.all(
    Array.from({ length: 40 }, (_none, index) => stage.create(pod(`p${index}`))),
  );
  await Promise.all(made.map(({ ref }) => stage.provider.delete(ref, stage.signal)));
  expect(stage.fake.cloud.calls.throttledShare).toBe(0);
  // Forty tasks that end are looked at together.
  expect(calls(stage, 'DescribeTasks')).toBeLessThan(40);
});

describe.concurrent('the end', () => {
  test('is announced by the spot market, then comes, and exit codes are kept', async () => {
    await using stage = await FargateStage.start({ options: withQueue });
    const spec = purchased(pod('a', { containers: scripted({ onTerm: { code: 7, afterMs: 400 } }) }), 'spot');
    const { ref } = await stage.create(spec);
    await stage.until(ref.id, ({ phase }) => phase === 'Running');
    stage.fake.cloud.market.interrupt(ref.id, 1000);
    const warned = await stage.until(ref.id, ({ interruption }) => interruption !== undefined);
    expect(warned.interruption?.message).toBe('Your Spot Task was interrupted.');
    const ended = await stage.until(ref.id, ({ phase }) => phase === 'Stopped');
    expect(ended.stopCause).toMatchObject({ kind: 'Interrupted', reason: 'SpotInterruption' });
    expect(ended.containers[0]?.state).toMatchObject({ exitCode: 7 });
  });

  test('is billed to the same moment as at AWS', async () => {
    await using stage = await FargateStage.start();
    const { ref } = await stage.create(pod('a'));
    await stage.until(ref.id, ({ phase }) => phase === 'Running');
    await stage.provider.delete(ref, stage.signal);
    const told = stage.events.findLast((event) => event.type === 'changed');
    const [line] = stage.fake.cloud.bill();
    expect(told?.type === 'changed' && told.instance.billing).toEqual({
      startedAt: new Date(line?.startedAt ?? 0).toISOString(),
      endedAt: new Date(line?.endedAt ?? 0).toISOString(),
    });
  });

  test('a failed liveness probe stops the whole task', async () => {
    await using stage = await FargateStage.start();
    const livenessProbe: Probe = {
      action: { kind: 'exec', command: ['alive'] },
      ...{
        initialDelaySeconds: 0,
        timeoutSeconds: 1,
        periodSeconds: 5,
        successThreshold: 1,
        failureThreshold: 1,
      },
    };
    const { ref } = await stage.create(
      pod('a', { containers: [aContainer({ livenessProbe })], restartPolicy: 'Always' }),
    );
    await stage.until(ref.id, ({ phase }) => phase === 'Running');
    stage.fake.cloud.setHealth(ref.id, 'main', 'UNHEALTHY');
    const ended = await stage.until(ref.id, ({ phase }) => phase === 'Stopped');
    expect(ended.stopCause).toMatchObject({ kind: 'Failed', reason: 'Unhealthy' });
  });

  test('what was deleted is not found by the next daemon, though ECS still lists it', async () => {
    await using stage = await FargateStage.start();
    const [deleted, kept] = await Promise.all([stage.create(pod('a')), stage.create(pod('b'))]);
    await stage.provider.delete(deleted.ref, stage.signal);
    expect(stage.events.at(-1)).toEqual({ type: 'gone', ref: deleted.ref });
    await stage.restart();
    expect((await stage.list()).map(({ ref }) => ref)).toEqual([kept.ref]);
  });

  test('a lost answer of StopTask costs a repetition and nothing else', async () => {
    await using stage = await FargateStage.start();
    const { ref } = await stage.create(pod('a'));
    stage.fake.cloud.faults.plan('StopTask', { kind: 'lose' });
    await expect(stage.provider.delete(ref, stage.signal)).rejects.toMatchObject({ kind: 'Retryable' });
    await stage.provider.delete(ref, stage.signal);
    expect(stage.fake.cloud.instances().filter(({ task }) => task.executionStoppedAt === undefined)).toEqual(
      [],
    );
  });
});

describe.concurrent('list', () => {
  test('is whole or rejected', async () => {
    await using stage = await FargateStage.start();
    await stage.create(pod('a'));
    for (const action of ['ListTasks', 'DescribeTasks']) {
      stage.fake.cloud.faults.plan(action, { kind: 'error', status: 500 }, 3);
      await expect(stage.list()).rejects.toMatchObject({ kind: 'Retryable' });
      stage.fake.cloud.faults.clear();
    }
  });

  test('has what was just made, however late ECS shows it', async () => {
    await using stage = await FargateStage.start({ fake: { lagMs: 300 } });
    const { ref } = await stage.create(pod('a'));
    expect((await stage.list()).map((instance) => instance.ref)).toEqual([ref]);
    await stage.until(ref.id, ({ phase }) => phase === 'Running');
    await stage.provider.delete(ref, stage.signal);
  });

  test('finds more than a page holds, live or not', async () => {
    await using stage = await FargateStage.start({ fake: { rates: 'unlimited' } });
    const pods = Array.from({ length: 120 }, (_none, index) =>
      pod(`p${index}`, index % 3 === 0 ? { containers: scripted({ exits: [{ code: 0, afterMs: 0 }] }) } : {}),
    );
    await Promise.all(pods.map((spec) => stage.create(spec)));
    await stage.restart();
    expect(await stage.list()).toHaveLength(120);
  });

  test('leaves out what others run in the same cluster', async () => {
    await using stage = await FargateStage.start();
    const own = await stage.create(pod('a'));
    await stage.create(pod('b', { owner: { ...owner, node: 'other', podUid: 'b' } }));
    expect((await stage.list()).map(({ ref }) => ref)).toEqual([own.ref]);
  });
});

describe.concurrent('observe', () => {
  test('hears of changes through a queue, twice and in any order, and looks at quiet tasks seldom', async () => {
    await using stage = await FargateStage.start({ options: withQueue });
    Object.assign(stage.fake.cloud.queue('changes'), { duplicates: 0.5, disorder: true });
    const { ref } = await stage.create(pod('a'));
    await stage.until(ref.id, ({ phase }) => phase === 'Running');
    stage.fake.cloud.queue('changes').send('something else');
    stage.fake.cloud.exit(ref.id, 'main', { code: 5 });
    const ended = await stage.until(ref.id, ({ phase }) => phase === 'Stopped');
    expect(ended.containers[0]?.state).toMatchObject({ exitCode: 5 });
    const phases = stage.events.map((event) => event.type === 'changed' && event.instance.phase);
    const order = ['Pending', 'Running', 'Stopping', 'Stopped'];
    expect(phases).toEqual(phases.toSorted((a, b) => order.indexOf(String(a)) - order.indexOf(String(b))));
  });

  test('ends when repeating cannot help, and says why', async () => {
    await using stage = await FargateStage.start();
    stage.fake.keys.revoke(stage.fake.credentials.accessKeyId);
    const observed = stage.provider.observe(stage.scope, () => undefined, stage.signal);
    await expect(observed).rejects.toMatchObject({ kind: 'AuthFailed' });
  });

  test('bears some failures, and gives up after five in a row', async () => {
    await using stage = await FargateStage.start();
    stage.fake.cloud.faults.plan('ListTasks', { kind: 'error', status: 503 }, 2);
    const leave = new AbortController();
    const observed = stage.provider.observe(stage.scope, () => undefined, leave.signal);
    await called(stage, 'ListTasks', 5);
    leave.abort();
    await expect(observed).resolves.toBeUndefined();
    stage.fake.cloud.faults.plan('ListTasks', { kind: 'error', status: 503 }, 100);
    const doomed = stage.provider.observe(stage.scope, () => undefined, stage.signal);
    await expect(doomed).rejects.toMatchObject({ kind: 'Retryable' });
  });
});

describe.concurrent('logs', () => {
  const lines = ['a', 'b', 'c', 'd', 'e'];

  async function read(stage: FargateStage, ref: InstanceRef, query: Partial<LogQuery>): Promise<string[]> {
    const read: string[] = [];
    const full = { container: 'main', previous: false, follow: false, ...query };
    for await (const { data } of stage.provider.logs?.(ref, full, stage.signal) ?? [])
      read.push(Buffer.from(data).toString());
    return read;
  }

  test('are whole where pages come empty, and followed to the last line though it comes late', async () => {
    await using stage = await FargateStage.start();
    Object.assign(stage.fake.cloud, { blankPages: 0.3, ingestionMs: 100 });
    const containers = scripted({ logs: lines, logEveryMs: 20, exits: [{ code: 0, afterMs: 100 }] });
    const { ref } = await stage.create(pod('a', { containers }));
    expect(await read(stage, ref, { follow: true })).toEqual(lines);
    expect(await read(stage, ref, {})).toEqual(lines);
    expect(await read(stage, ref, { tailLines: 2 })).toEqual(['d', 'e']);
    expect(await read(stage, ref, { tailLines: 0, follow: true })).toEqual([]);
  });

  test('of a container that has written nothing are empty', async () => {
    await using stage = await FargateStage.start();
    const { ref } = await stage.create(pod('a', { containers: scripted({ logs: [] }) }));
    expect(await read(stage, ref, {})).toEqual([]);
  });

  test('are not had without a log group', async () => {
    await using stage = await FargateStage.start({ options: () => ({ logGroup: undefined }) });
    expect(stage.provider.logs).toBeUndefined();
  });
});

describe.concurrent('what is wrong with the account is said once and clearly', () => {
  async function refusal(
    arrange: (stage: FargateStage) => void,
    options: (fake: FakeEcs) => Readonly<Record<string, unknown>> = () => ({}),
  ) {
    await using stage = await FargateStage.start({ options });
    arrange(stage);
    return await stage.create(pod('a')).then(
      () => 'no error',
      (error: unknown) => error,
    );
  }

  test('permission', async () => {
    const error = await refusal((stage) => stage.fake.cloud.faults.plan('RunTask', { kind: 'deny' }));
    expect(error).toMatchObject({
      kind: 'AuthFailed',
      message: expect.stringMatching(/RunTask: AccessDenied.*policy of the daemon/),
    });
  });

  test('credentials', async () => {
    const wrong = { accessKeyId: 'AKIAFAKE000000000001', secretAccessKey: 'not-this' };
    const error = await refusal(
      () => undefined,
      () => ({ credentials: wrong }),
    );
    expect(error).toMatchObject({
      kind: 'AuthFailed',
      message: expect.stringMatching(/credentials are wrong/),
    });
    expect(String(error)).not.toContain('not-this');
  });

  test('a token that has expired', async () => {
    const error = await refusal(
      () => undefined,
      (fake) => ({ credentials: fake.keys.issueSession(Date.now() - 1000) }),
    );
    expect(error).toMatchObject({
      kind: 'AuthFailed',
      message: expect.stringMatching(/session token has expired/),
    });
  });

  test('the clock', async () => {
    const error = await refusal((stage) => {
      stage.fake.skewMs = 3600_000;
    });
    expect(error).toMatchObject({
      kind: 'AuthFailed',
      message: expect.stringMatching(/clock of this machine/),
    });
  });

  test('the cluster', async () => {
    const error = await refusal(
      () => undefined,
      () => ({ cluster: 'nowhere' }),
    );
    expect(error).toMatchObject({
      kind: 'AuthFailed',
      message: expect.stringMatching(/no such cluster in us-east-1/),
    });
  });

  test('nothing is repeated behind the back of the node', async () => {
    await using stage = await FargateStage.start();
    const before = calls(stage, 'RunTask');
    stage.fake.cloud.faults.plan('RunTask', { kind: 'throttle' }, 10);
    await expect(stage.create(pod('a'))).rejects.toMatchObject({ kind: 'Throttled' });
    expect(calls(stage, 'RunTask') - before).toBe(1);
  });
});
