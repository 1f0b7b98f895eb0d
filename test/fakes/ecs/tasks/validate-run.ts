import type { RunTaskRequest, TaskDefinition } from '@aws-sdk/client-ecs';
import { checkSize } from '../definitions/validate-definition.ts';
import { invalidParameter, ServiceError } from '../door/service-error.ts';
import { checkTags } from './validate-tags.ts';

const maxOverrides = 8192;

/** Throws what RunTask says to parameters that are wrong whatever the state of the account is. */
export function validateRun(request: RunTaskRequest, definition: TaskDefinition): void {
  const { count = 1, startedBy, overrides, platformVersion, enableExecuteCommand } = request;
  if (!Number.isInteger(count) || count < 1 || count > 10)
    throw invalidParameter('Task count must be between 1 and 10.');
  if (startedBy !== undefined && !/^[\w/-]{1,128}$/.test(startedBy))
    throw invalidParameter(
      'startedBy takes up to 128 letters, numbers, hyphens, forward slashes and underscores.',
    );
  if (platformVersion !== undefined && !['LATEST', '1.4.0', '1.3.0'].includes(platformVersion))
    throw new ServiceError('PlatformUnknownException', 'The specified platform version does not exist.');
  if (overrides !== undefined) {
    if (JSON.stringify(overrides).length > maxOverrides)
      throw invalidParameter(`Overrides length must be at most ${maxOverrides}.`);
    const names = definition.containerDefinitions?.map(({ name }) => name) ?? [];
    for (const { name } of overrides.containerOverrides ?? [])
      if (!names.includes(name))
        throw invalidParameter(
          `Override for container named ${name} is not a container in the TaskDefinition.`,
        );
    if (overrides.cpu !== undefined || overrides.memory !== undefined)
      checkSize(overrides.cpu ?? definition.cpu, overrides.memory ?? definition.memory);
  }
  if (enableExecuteCommand && (overrides?.taskRoleArn ?? definition.taskRoleArn) === undefined)
    throw invalidParameter(
      "The task couldn't be started because a valid taskRoleArn is not being used. Specify a valid task role in your task definition and try again.",
    );
  checkTags(request.tags);
}
