import { createRequire } from 'node:module';
import type { FakeEci } from '../index.ts';

type Eci = typeof import('@alicloud/eci20180808');
type OpenApi = typeof import('@alicloud/openapi-client');

export type EciClient = InstanceType<Eci['default']>;

export interface ClientWishes {
  readonly accessKeyId?: string;
  readonly accessKeySecret?: string;
  readonly securityToken?: string;
}

// Their default exports look different under Node.js and under Vitest; what `require` gives does not.
const require = createRequire(import.meta.url);

/** The vendor's SDK, as a user of it would make it, on the fake. */
export function sdkClient({ endpoint, credentials }: FakeEci, wishes: ClientWishes = {}): EciClient {
  const { default: Client }: Eci = require('@alicloud/eci20180808');
  const { Config }: OpenApi = require('@alicloud/openapi-client');
  const { host } = new URL(endpoint);
  const config = { ...credentials, ...wishes, endpoint: host, protocol: 'HTTP', readTimeout: 5_000 };
  return new Client(new Config(config));
}
