import { expect, test } from 'vitest';
import type { ProviderErrorKind } from '../../contract/index.ts';
import type { Action } from './eci-api.ts';
import { codeOf, toProviderError } from './errors.ts';

/** As the SDK throws what the vendor answers. */
function answered(code: string, statusCode: number): object {
  return Object.assign(new Error('code: 400, ... request id: 1'), {
    code,
    statusCode,
    data: { Code: code, Message: `about ${code}`, RequestId: '1', statusCode },
  });
}

test.each<[string, number, ProviderErrorKind, Action?]>([
  ['InvalidAccessKeyId.NotFound', 404, 'AuthFailed'],
  ['SignatureDoesNotMatch', 400, 'AuthFailed'],
  ['InvalidSecurityToken.Expired', 400, 'AuthFailed'],
  ['InvalidTimeStamp.Expired', 400, 'AuthFailed'],
  ['Forbidden.RAM', 403, 'AuthFailed'],
  ['Forbidden.Unauthorized', 403, 'AuthFailed'],
  ['NoPermission', 403, 'AuthFailed'],
  ['CreateServiceLinkedRole.Denied', 403, 'AuthFailed'],
  ['InvalidUser.PassRoleForbidden', 403, 'AuthFailed'],
  ['FeatureAccessRestricted', 403, 'AuthFailed'],
  ['InvalidRegionId.NotFound', 404, 'AuthFailed'],
  ['InvalidVSwitchId.NotFound', 404, 'AuthFailed'],
  ['OperationDenied.VswZoneMisMatch', 403, 'AuthFailed'],
  ['OperationDenied.SecurityGroupMisMatch', 403, 'AuthFailed'],
  ['Account.Arrearage', 400, 'QuotaExceeded'],
  ['Forbidden.UserBussinessStatus', 403, 'QuotaExceeded'],
  ['InvalidPaymentMethod.InsufficientBalance', 400, 'QuotaExceeded'],
  ['EipPayInsufficientBalance', 400, 'QuotaExceeded'],
  ['QuotaExceeded', 403, 'QuotaExceeded'],
  ['DedicatedHostQuotaExceeded', 400, 'QuotaExceeded'],
  ['Throttling.Vcpu.PerDay', 403, 'QuotaExceeded'],
  ['DiskNumber.LimitExceed', 400, 'QuotaExceeded'],
  ['Throttling', 400, 'Throttled'],
  ['Throttling.User', 400, 'Throttled'],
  ['Degrade.Api', 400, 'Throttled'],
  ['EipPurchaseFlowControl', 400, 'Throttled'],
  ['OperationDenied.NoStock', 403, 'OutOfStock'],
  ['Spot.NotMatched', 403, 'OutOfStock'],
  ['Zone.NotOnSale', 403, 'OutOfStock'],
  ['RecommendEmpty.InstanceTypeFamilyNotMatched', 400, 'OutOfStock'],
  ['InvalidVSwitchId.IpNotEnough', 403, 'OutOfStock'],
  ['InvalidContainerGroupId.NotFound', 404, 'NotFound', 'deleteContainerGroup'],
  ['InvalidContainerName.NotFound', 404, 'NotFound', 'describeContainerLog'],
  ['InvalidParameter.CPU.Memory', 400, 'InvalidSpec'],
  ['InvalidSpotCpuMemorySpec', 400, 'InvalidSpec'],
  ['InvalidParameter', 400, 'Retryable', 'describeContainerGroups'],
  ['IncorrectStatus', 400, 'Retryable', 'deleteContainerGroup'],
  ['OperationConflict', 400, 'Retryable', 'deleteContainerGroup'],
  ['InternalError', 500, 'Retryable'],
  ['ServiceUnavailable', 503, 'Retryable'],
  ['containerRepositoryAuthorizationFailed', 503, 'Retryable'],
  ['SomethingNew', 502, 'Retryable'],
])('%s (%i) is %s', (code, statusCode, kind, action = 'createContainerGroup') => {
  const error = toProviderError(answered(code, statusCode), action);
  expect(error.kind).toBe(kind);
  expect(error.message).toContain(`${action}: ${code}: about ${code}`);
  expect(codeOf(error)).toBe(code);
});

test.each([
  [
    { code: 'ECONNRESET', message: 'POST http://h/?Container.1.EnvironmentVar.1.Value=secret failed.' },
    'ECONNRESET',
  ],
  [
    { name: 'RequestTimeoutError', message: 'ReadTimeout(1). POST http://h/?x=secret failed.' },
    'RequestTimeoutError',
  ],
  [
    { code: 'ENOTFOUND', message: 'getaddrinfo ENOTFOUND eci.cn-nowhere.aliyuncs.com?secret' },
    'provider.options.region',
  ],
  ['secret', 'error'],
])('without an answer the outcome is unknown, and nothing of the request is told: %#', (thrown, said) => {
  const error = toProviderError(thrown, 'createContainerGroup');
  expect(error.kind).toBe('Retryable');
  expect(error.message).toContain(said);
  expect(`${error.message} ${error.stack} ${String(error.cause)}`).not.toContain('secret');
});

test('no credentials at all', () => {
  const error = toProviderError({ code: 'InvalidCredentials' }, 'listUsage');
  expect(error.kind).toBe('AuthFailed');
  expect(error.message).toContain('ALIBABA_CLOUD_ACCESS_KEY_ID');
});
