import { once } from 'node:events';
import { wallClock } from '../../../providers/contract/index.ts';
import { FakeEciCloud } from './cloud.ts';
import { openDoor } from './exec/door.ts';
import type { FakeEciOptions } from './options.ts';
import { SdkModel } from './request/sdk-model.ts';
import type { AccessKey } from './request/signature.ts';
import { createEciServer } from './server.ts';

export type { FakeEciCloud } from './cloud.ts';
export type { Fault } from './faults.ts';
export type { BillLine } from './ledger.ts';
export type { FakeEciOptions } from './options.ts';

/** A running fake of Alibaba Cloud ECI that the genuine SDK talks to. */
export interface FakeEci {
  /** `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly credentials: AccessKey;
  /** Everything behind the API: what a test arranges and looks at. */
  readonly cloud: FakeEciCloud;
  close(): Promise<void>;
}

export async function startFakeEci(options: FakeEciOptions = {}): Promise<FakeEci> {
  const { clock = wallClock, wall = Date.now, strict = true } = options;
  const cloud = new FakeEciCloud(options);
  const server = createEciServer({ cloud, clock, wall, strict, model: await SdkModel.load() });
  openDoor(server, cloud.sessions);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the fake has no port');
  cloud.sessions.address = `ws://127.0.0.1:${address.port}`;
  const [credentials] = cloud.account.keys;
  if (credentials === undefined) throw new Error('the account has no key');
  return {
    endpoint: `http://127.0.0.1:${address.port}`,
    credentials,
    cloud,
    async close() {
      await cloud.sessions.close();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
