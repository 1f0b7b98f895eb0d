import * as eci from '@alicloud/eci20180808';
import { describe, expect, it } from 'vitest';
import { sdkClient } from './testing/sdk-client.ts';
import { codeOf, createRequest, FakeStage, region } from './testing/stage.ts';

const usage = new eci.ListUsageRequest({ regionId: region });

describe('credentials', () => {
  it('are known by their ID and proven by their signature', async () => {
    await using stage = await FakeStage.start();
    const { fake } = stage;
    expect(await codeOf(sdkClient(fake).listUsage(usage))).toBe('no error');
    const wrongSecret = sdkClient(fake, { accessKeySecret: 'another' });
    expect(await codeOf(wrongSecret.listUsage(usage))).toBe('SignatureDoesNotMatch');
    const wrongId = sdkClient(fake, { accessKeyId: 'LTAIother' });
    expect(await codeOf(wrongId.listUsage(usage))).toBe('InvalidAccessKeyId.NotFound');
  });

  it('sign every parameter, of whatever characters', async () => {
    await using stage = await FakeStage.start();
    const odd = `a+b c%d*e~f'g(h)i!j&k=l/ü€😀`;
    const id = await stage.create({ tag: [{ key: 'odd', value: odd }] }, { ODD: odd });
    const group = await stage.group(id);
    expect(group?.tags).toMatchObject([{ key: 'odd', value: odd }]);
    expect(group?.containers?.[0]?.environmentVars).toMatchObject([{ key: 'ODD', value: odd }]);
    // The same request with another parameter under an old signature.
    const signed = await fetch(`${stage.fake.endpoint}/?RegionId=${region}`, {
      method: 'POST',
      headers: {
        'x-acs-action': 'ListUsage',
        'x-acs-date': new Date().toISOString(),
        'x-acs-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
        authorization:
          'ACS3-HMAC-SHA256 Credential=LTAIfake,SignedHeaders=host;x-acs-action;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature=00',
      },
    });
    expect(await signed.json()).toMatchObject({ Code: 'SignatureDoesNotMatch', HostId: expect.any(String) });
  });

  it('are refused without a signature', async () => {
    await using stage = await FakeStage.start();
    const unsigned = await fetch(stage.fake.endpoint, { headers: { 'x-acs-action': 'ListUsage' } });
    expect(unsigned.status).toBe(400);
    expect(await unsigned.json()).toMatchObject({ Code: 'IncompleteSignature' });
  });

  it('are refused when the clocks differ by more than fifteen minutes', async () => {
    const ahead = (minutes: number) => (): number => Date.now() + minutes * 60_000;
    for (const [minutes, code] of [
      [14, 'no error'],
      [16, 'InvalidTimeStamp.Expired'],
      [-16, 'InvalidTimeStamp.Expired'],
    ] as const) {
      await using stage = await FakeStage.start({ wall: ahead(minutes) });
      expect(await codeOf(stage.client.listUsage(usage))).toBe(code);
    }
  });

  it('of a role run out', async () => {
    await using stage = await FakeStage.start();
    const temporary = sdkClient(stage.fake, { securityToken: 'sts' });
    expect(await codeOf(temporary.listUsage(usage))).toBe('no error');
    stage.cloud.account.tokenExpired = true;
    expect(await codeOf(temporary.listUsage(usage))).toBe('InvalidSecurityToken.Expired');
  });

  it('without rights: listings are empty, all else is forbidden', async () => {
    await using stage = await FakeStage.start();
    const id = await stage.create();
    stage.cloud.account.denied.add('*');
    const { body: groups } = await stage.client.describeContainerGroups(
      new eci.DescribeContainerGroupsRequest({ regionId: region }),
    );
    expect(groups).toMatchObject({ containerGroups: [], totalCount: 0 });
    const { body: status } = await stage.client.describeContainerGroupStatus(
      new eci.DescribeContainerGroupStatusRequest({ regionId: region }),
    );
    expect(status).toMatchObject({ data: [] });
    expect(await codeOf(stage.delete(id))).toBe('Forbidden.RAM');
    expect(await codeOf(stage.client.createContainerGroup(createRequest()))).toBe('Forbidden.RAM');
    stage.cloud.account.denied.clear();
    expect(await stage.status(id)).toBe('Scheduling');
  });
});

it('another region is not here', async () => {
  await using stage = await FakeStage.start({ region: 'cn-beijing' });
  expect(await codeOf(stage.client.listUsage(usage))).toBe('InvalidRegionId.NotFound');
  expect(await codeOf(stage.client.listUsage(new eci.ListUsageRequest({})))).toBe('MissingParameter');
});
