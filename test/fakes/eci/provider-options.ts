import type { FakeEci } from './index.ts';

/** The options with which the eci provider uses the fake: every zone, keys, security group. */
export function eciOptions({ endpoint, credentials, cloud }: FakeEci): Record<string, unknown> {
  return {
    region: cloud.region,
    endpoint,
    credentials,
    vSwitches: Object.entries(cloud.vSwitches).map(([id, zone]) => ({ id, zone })),
    securityGroupId: cloud.securityGroups[0],
  };
}
