import * as eci from '@alicloud/eci20180808';
import { FakeClock } from '../../../../src/telemetry/fake-clock.ts';
import type { FakeEci, FakeEciOptions } from '../index.ts';
import { startFakeEci } from '../index.ts';
import type { EciClient } from './sdk-client.ts';
import { sdkClient } from './sdk-client.ts';

export const region = 'cn-hangzhou';

type CreateFields = ConstructorParameters<typeof eci.CreateContainerGroupRequest>[0];
export type Group = NonNullable<eci.DescribeContainerGroupsResponseBody['containerGroups']>[number];

/** A fake on a clock that stands still, with the vendor's SDK in front of it. */
export class FakeStage {
  readonly clock = new FakeClock();
  readonly fake: FakeEci;
  readonly client: EciClient;

  private constructor(fake: FakeEci, clock: FakeClock) {
    this.fake = fake;
    this.clock = clock;
    this.client = sdkClient(fake);
  }

  static async start(options: FakeEciOptions = {}): Promise<FakeStage> {
    const clock = new FakeClock();
    return new FakeStage(await startFakeEci({ clock, ...options }), clock);
  }

  get cloud(): FakeEci['cloud'] {
    return this.fake.cloud;
  }

  /** A group of one container with this environment, and whatever else is wanted. Resolves with its ID. */
  async create(fields: CreateFields = {}, env: Readonly<Record<string, string>> = {}): Promise<string> {
    const { body } = await this.client.createContainerGroup(createRequest(fields, env));
    if (body?.containerGroupId === undefined) throw new Error('the answer has no ID');
    return body.containerGroupId;
  }

  /** As DescribeContainerGroups shows it; undefined when it does not. */
  async group(id: string): Promise<Group | undefined> {
    const request = new eci.DescribeContainerGroupsRequest({
      regionId: region,
      containerGroupIds: JSON.stringify([id]),
      withEvent: true,
    });
    const { body } = await this.client.describeContainerGroups(request);
    return body?.containerGroups?.[0];
  }

  async status(id: string): Promise<string | undefined> {
    return (await this.group(id))?.status;
  }

  async delete(id: string, clientToken?: string): Promise<void> {
    const fields = { regionId: region, containerGroupId: id, ...(clientToken && { clientToken }) };
    await this.client.deleteContainerGroup(new eci.DeleteContainerGroupRequest(fields));
  }

  /** Through the stages of the default options, until the first container runs. */
  pastStart(): Promise<void> {
    return this.clock.advance(10_000);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fake.close();
  }
}

export function createRequest(
  fields: CreateFields = {},
  env: Readonly<Record<string, string>> = {},
): eci.CreateContainerGroupRequest {
  return new eci.CreateContainerGroupRequest({
    regionId: region,
    containerGroupName: 'web-1',
    container: [container('main', env)],
    ...fields,
  });
}

export function container(
  name: string,
  env: Readonly<Record<string, string>> = {},
): eci.CreateContainerGroupRequestContainer {
  const environmentVar = Object.entries(env).map(([key, value]) => ({ key, value }));
  return new eci.CreateContainerGroupRequestContainer({ name, image: 'busybox:1.36', environmentVar });
}

/** The code of the error that a call ends with. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return String(error.code);
    return `no code: ${error}`;
  }
  return 'no error';
}
