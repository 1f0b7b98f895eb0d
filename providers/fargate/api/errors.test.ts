import { describe, expect, test } from 'vitest';
import { classify, runFailure } from './errors.ts';

const place = { region: 'us-east-1', cluster: 'burst' };

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

test.each([
  ['ThrottlingException', 'Rate exceeded', 'Throttled', /Rate exceeded/],
  [
    'InvalidParameterException',
    "The execute command failed because execute command was not enabled when the task was run or the execute command agent isn't running.",
    'Unsupported',
    /launched with the option enableExecuteCommand/,
  ],
  [
    'TargetNotConnectedException',
    'The execute command failed due to an internal error. Try again later.',
    'Retryable',
    /may still be starting/,
  ],
  [
    'ClientException',
    "You've reached the limit on the number of vCPUs you can run concurrently",
    'QuotaExceeded',
    /Service Quotas/,
  ],
  [
    'CredentialsProviderError',
    'Could not load credentials from any providers',
    'AuthFailed',
    /give the daemon a role/,
  ],
  [
    'ExpiredTokenException',
    'The security token included in the request is expired',
    'AuthFailed',
    /has expired: renew/,
  ],
  [
    'InvalidSignatureException',
    'Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z',
    'AuthFailed',
    /clock of this machine/,
  ],
  [
    'UnrecognizedClientException',
    'The security token included in the request is invalid.',
    'AuthFailed',
    /not valid in us-east-1/,
  ],
  [
    'AccessDeniedException',
    'User is not authorized to perform: ecs:RunTask on resource: *',
    'AuthFailed',
    /policy of the daemon/,
  ],
  [
    'ClientException',
    'ECS was unable to assume the role that was provided for this task',
    'AuthFailed',
    /executionRoleArn and taskRoleArn/,
  ],
  [
    'InvalidParameterException',
    'Error retrieving subnet information for [subnet-1]: The subnet ID does not exist',
    'AuthFailed',
    /subnets and securityGroups/,
  ],
  [
    'InvalidParameterException',
    'The specified capacity provider FARGATE_SPOT was not found',
    'AuthFailed',
    /associated with the cluster/,
  ],
  ['ClusterNotFoundException', 'Cluster not found.', 'AuthFailed', /no such cluster in us-east-1/],
  ['Error', 'getaddrinfo ENOTFOUND ecs.us-east-9.amazonaws.com', 'Retryable', /is us-east-1 a region/],
  ['TimeoutError', 'socket hang up', 'Retryable', /socket hang up/],
  ['ServerException', 'internal', 'Retryable', /internal/],
  ['InvalidParameterException', 'The referenced task was not found.', 'NotFound', /not found/],
  [
    'ClientException',
    'No Fargate configuration exists for given values',
    'InvalidSpec',
    /No Fargate configuration/,
  ],
])('%s: %s is %s', (name, message, kind, says) => {
  expect(classify(named(name, message), 'RunTask', place)).toMatchObject({
    kind,
    message: expect.stringMatching(says),
  });
});

describe('a failure in an answer', () => {
  test.each([
    [
      'Capacity is unavailable at this time. Please try again later or in a different availability zone',
      'OutOfStock',
    ],
    ['RESOURCE:CPU', 'OutOfStock'],
    ["You've reached the limit on the number of vCPUs you can run concurrently", 'QuotaExceeded'],
    ['something new', 'Throttled'],
  ])('%s is %s', (reason, kind) => {
    expect(runFailure({ reason }, 'us-east-1a/spot')).toMatchObject({ kind, message: `RunTask: ${reason}` });
  });
});
