import { once } from 'node:events';
import { createServer } from 'node:http';
import { FakeEcsCloud } from './cloud.ts';
import { serve } from './door/door.ts';
import { Keys } from './door/keys.ts';
import type { KeyPair } from './door/signature.ts';
import { StreamDoor } from './door/stream-door.ts';
import type { FakeEcsOptions } from './options.ts';

export type { BillLine } from './capacity/bill.ts';
export type { FakeEcsCloud, FakeTask } from './cloud.ts';
export type { Fault } from './faults.ts';
export type { FakeEcsOptions } from './options.ts';

/** A running fake of ECS on Fargate, CloudWatch Logs, SQS and Secrets Manager that the genuine SDKs talk to. */
export interface FakeEcs {
  /** `http://127.0.0.1:PORT`, for the clients of all these services. */
  readonly endpoint: string;
  readonly credentials: KeyPair;
  /** Everything behind the API: what a test arranges and looks at. */
  readonly cloud: FakeEcsCloud;
  readonly keys: Keys;
  /** How far the door's own clock is off, in milliseconds. Signatures are held against it. */
  skewMs: number;
  close(): Promise<void>;
}

export async function startFakeEcs(options: FakeEcsOptions = {}): Promise<FakeEcs> {
  const cloud = new FakeEcsCloud(options);
  const credentials = { accessKeyId: 'AKIAFAKE000000000001', secretAccessKey: 'fake-secret-access-key' };
  const keys = new Keys(credentials);
  const server = createServer((request, response) => {
    const { region, account, services, faults, throttles, calls, clock } = cloud;
    const signingNow = (): number => Date.now() + fake.skewMs;
    void serve(
      { region, account, services, faults, throttles, calls, clock, keys, signingNow },
      request,
      response,
    );
  });
  const streams = new StreamDoor({
    ...{ region: cloud.region, keys, exec: cloud.exec },
    signingNow: () => Date.now() + fake.skewMs,
  });
  server.on('upgrade', (request, socket, head) => streams.upgrade(request, socket, head));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake has no port');
  cloud.exec.streamBase = `ws://127.0.0.1:${address.port}`;
  const fake: FakeEcs = {
    endpoint: `http://127.0.0.1:${address.port}`,
    credentials,
    cloud,
    keys,
    skewMs: 0,
    async close() {
      cloud.close();
      streams.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return fake;
}
