import * as eci from '@alicloud/eci20180808';
import { describe, expect, it } from 'vitest';
import { settle } from '../../../src/telemetry/fake-clock.ts';
import type { Fault } from './index.ts';
import { codeOf, createRequest, FakeStage, region } from './testing/stage.ts';

const usage = new eci.ListUsageRequest({ regionId: region });

/** Whether a call fails without an answer of the API: the SDK gives such errors no `data`. */
async function unanswered(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
  } catch (error) {
    return !(error instanceof Error && 'data' in error && error.data !== undefined);
  }
  return false;
}

describe('faults', () => {
  it('lost: it is done, and nobody is told', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.faults.next('CreateContainerGroup', { kind: 'lost' });
    const request = createRequest({ clientToken: 'one' });
    expect(await unanswered(stage.client.createContainerGroup(request))).toBe(true);
    expect(stage.cloud.instances()).toHaveLength(1);
    const id = await stage.create({ clientToken: 'one' });
    expect(stage.cloud.instances().map((group) => group.id)).toEqual([id]);
    expect(stage.cloud.calls.map(({ outcome }) => outcome)).toEqual(['lost', 'OK']);
  });

  it('cut: it is not done', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.faults.next('CreateContainerGroup', { kind: 'cut' });
    expect(await unanswered(stage.client.createContainerGroup(createRequest()))).toBe(true);
    expect(stage.cloud.instances()).toEqual([]);
  });

  it('late: it is done after the caller has gone', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.faults.next('CreateContainerGroup', { kind: 'late', ms: 60_000 });
    expect(await unanswered(stage.client.createContainerGroup(createRequest()))).toBe(true);
    await stage.clock.advance(59_999);
    expect(stage.cloud.instances()).toEqual([]);
    await stage.clock.advance(1);
    expect(stage.cloud.instances()).toHaveLength(1);
  });

  it('delay: the answer waits for the clock', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.faults.next('ListUsage', { kind: 'delay', ms: 5000 });
    let answered = false;
    const call = stage.client.listUsage(usage).then(() => {
      answered = true;
    });
    while (stage.clock.pending === 0) await settle();
    expect(answered).toBe(false);
    await stage.clock.advance(5000);
    await call;
    expect(answered).toBe(true);
  });

  it('hang: neither done nor answered', async () => {
    await using stage = await FakeStage.start();
    stage.cloud.faults.next('CreateContainerGroup', { kind: 'hang' });
    const runtime = { readTimeout: 50 } as never;
    const call = stage.client.createContainerGroupWithOptions(createRequest(), runtime);
    expect(await unanswered(call)).toBe(true);
    expect(stage.cloud.instances()).toEqual([]);
  });

  it.each([
    [{ kind: 'throttle' }, 'Throttling.User', 400],
    [{ kind: 'fail', status: 503, code: 'ServiceUnavailable' }, 'ServiceUnavailable', 503],
    [{ kind: 'fail', status: 500, code: 'InternalError', message: 'oops' }, 'InternalError', 500],
  ] as const)('%o: refused, and not done', async (fault: Fault, code, status) => {
    await using stage = await FakeStage.start();
    stage.cloud.faults.next('CreateContainerGroup', fault, 2);
    const create = (): Promise<unknown> => stage.client.createContainerGroup(createRequest());
    await expect(create()).rejects.toMatchObject({ code, statusCode: status, data: { Code: code } });
    expect(await codeOf(create())).toBe(code);
    expect(stage.cloud.instances()).toEqual([]);
    expect(await codeOf(create())).toBe('no error');
    expect(stage.cloud.book.count('CreateContainerGroup')).toBe(3);
    expect(stage.cloud.book.count('CreateContainerGroup', code)).toBe(2);
  });

  it('strike by chance, by the seed, and any action', async () => {
    const outcomes = async (seed: number): Promise<string> => {
      await using stage = await FakeStage.start({ seed });
      stage.cloud.faults.sometimes('*', { kind: 'throttle' }, 0.5);
      const codes: string[] = [];
      for (let call = 0; call < 12; call++) codes.push(await codeOf(stage.client.listUsage(usage)));
      stage.cloud.faults.clear();
      expect(await codeOf(stage.client.listUsage(usage))).toBe('no error');
      return codes.join();
    };
    const first = await outcomes(7);
    expect(await outcomes(7)).toBe(first);
    expect(await outcomes(8)).not.toBe(first);
    expect(first).toContain('Throttling.User');
    expect(first).toContain('no error');
  });
});

describe('the throttle', () => {
  it('counts by action and minute, and fails the rest until the next', async () => {
    await using stage = await FakeStage.start({ limits: { ListUsage: 2 } });
    const call = (): Promise<string> => codeOf(stage.client.listUsage(usage));
    await stage.clock.advance(59_000);
    expect([await call(), await call(), await call()]).toEqual(['no error', 'no error', 'Throttling.User']);
    expect(await codeOf(stage.client.describeRegions(new eci.DescribeRegionsRequest({})))).toBe('no error');
    expect(await call()).toBe('Throttling.User');
    expect(stage.cloud.throttle.rejected).toEqual(new Map([['ListUsage', 2]]));
    await stage.clock.advance(1000);
    expect(await call()).toBe('no error');
  });

  it('has the documented limits unless told otherwise', async () => {
    await using stage = await FakeStage.start();
    expect(stage.cloud.throttle.limits).toMatchObject({
      CreateContainerGroup: 1000,
      DescribeContainerLog: 500,
    });
    await using free = await FakeStage.start({ limits: 'none' });
    expect(free.cloud.throttle.limits).toEqual({});
  });
});
