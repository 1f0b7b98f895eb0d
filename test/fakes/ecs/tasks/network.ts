import type { NetworkConfiguration } from '@aws-sdk/client-ecs';
import { invalidParameter } from '../door/service-error.ts';

/** The network of the account. */
export interface FakeNetwork {
  /** Zone by subnet. */
  readonly subnets: Readonly<Record<string, string>>;
  readonly securityGroups: readonly string[];
}

/** Checks what RunTask is given; returns its subnets. */
export function checkNetwork(
  configuration: NetworkConfiguration | undefined,
  network: FakeNetwork,
): readonly string[] {
  const awsvpc = configuration?.awsvpcConfiguration;
  if (awsvpc === undefined)
    throw invalidParameter("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
  const { subnets = [], securityGroups = [] } = awsvpc;
  if (subnets.length === 0) throw invalidParameter('subnets can not be empty.');
  if (subnets.length > 16) throw invalidParameter('subnets can have at most 16 items.');
  if (securityGroups.length > 5) throw invalidParameter('securityGroups can have at most 5 items.');
  for (const id of subnets)
    if (network.subnets[id] === undefined)
      throw invalidParameter(
        `Error retrieving subnet information for [${id}]: The subnet ID '${id}' does not exist (ErrorCode: InvalidSubnetID.NotFound)`,
      );
  for (const id of securityGroups)
    if (!network.securityGroups.includes(id))
      throw invalidParameter(
        `Error retrieving security group information for [${id}]: The security group '${id}' does not exist (ErrorCode: InvalidGroup.NotFound)`,
      );
  return subnets;
}
