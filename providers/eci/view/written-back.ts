import type { Group } from '../api/eci-api.ts';

const prefix = 'k8s.aliyun.com/';

/**
 * What the vendor's own virtual node writes onto its Pods (help.aliyun.com/zh/eci/user-guide/pod-annotations), as far as
 * DescribeContainerGroups tells it. The specification is what is billed.
 */
export function writtenBack(group: Group): Record<string, string> {
  const { cpu, memory, instanceType } = group;
  const units =
    cpu === undefined || memory === undefined ? undefined : `${decimal(cpu)}-${decimal(memory)}Gi`;
  const values: Readonly<Record<string, string | undefined>> = {
    'eci-instance-id': group.containerGroupId,
    'eci-instance-spec': instanceType || units,
    'eci-instance-cpu': cpu === undefined ? undefined : decimal(cpu),
    'eci-instance-mem': memory === undefined ? undefined : decimal(memory),
    'eci-instance-zone': group.zoneId,
    'eci-vpc': group.vpcId,
    'eci-vswitch': group.vSwitchId,
    'eci-security-group': group.securityGroupId,
    'eni-instance-id': group.eniInstanceId,
    'allocated-eipAddress': group.internetIp,
    'allocated-ipv6Address': group.ipv6Address,
  };
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value ? [[`${prefix}${name}`, value]] : [])),
  );
}

/** `2.0`, `0.25`: as the vendor writes sizes. */
function decimal(value: number): string {
  return Number.isInteger(value) ? value.toFixed(1) : String(value);
}
