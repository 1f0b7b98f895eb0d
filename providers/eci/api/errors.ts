import type { ProviderErrorKind } from '../../contract/index.ts';
import { ProviderError } from '../../contract/index.ts';
import type { Action } from './eci-api.ts';

/** Longer messages of the vendor are cut: they go into conditions and Events. */
const longestMessage = 300;

interface Rule {
  readonly codes: RegExp;
  readonly kind: ProviderErrorKind;
  /** What the user can do, where the vendor's message does not say it. */
  readonly advice?: string;
}

/**
 * The first rule that fits decides. Codes: api-eci-2018-08-08-errorcodes, and those of the common gateway. A fault of
 * the configuration (region, vSwitch, role) counts as AuthFailed and not as InvalidSpec: it is not the Pod that is wrong.
 */
const rules: readonly Rule[] = [
  {
    codes: /^(InvalidTimeStamp|IllegalTimestamp)/,
    kind: 'AuthFailed',
    advice: 'the clock of this machine is wrong by more than 15 minutes; set it (NTP)',
  },
  {
    codes: /^(InvalidSecurityToken|SecurityTokenExpired|InvalidSecurityTokenExpired)/,
    kind: 'AuthFailed',
    advice: 'the security token has expired or belongs to other keys; get new ones',
  },
  {
    codes:
      /^(InvalidAccessKeyId|InvalidCredentials|SignatureDoesNotMatch|IncompleteSignature|MissingAccessKeyId)/,
    kind: 'AuthFailed',
    advice: 'check the access key ID and secret in provider.options.credentials or the environment',
  },
  {
    codes:
      /^(Account\.Arrearage|Forbidden\.(UserBussinessStatus|AccountClosed)|Payfor\.|InvalidPaymentMethod|.*InsufficientBalance)/,
    kind: 'QuotaExceeded',
    advice: 'the account has no money left for it; add funds in the billing console',
  },
  {
    codes: /^Throttling\.Vcpu\.PerDay$|Quota|^DiskNumber\.LimitExceed$/,
    kind: 'QuotaExceeded',
    advice: 'ask for a higher quota of the region, or wait until instances have ended',
  },
  { codes: /^(Throttling|Degrade\.Api|EipPurchaseFlowControl|TooManyRequests)/, kind: 'Throttled' },
  {
    codes:
      /NoStock|^Spot\.NotMatched$|NotOnSale|^RecommendEmpty|StockExhaust|^InvalidVSwitchId\.IpNotEnough$/,
    kind: 'OutOfStock',
  },
  {
    codes: /^(InvalidRegionId|InvalidRegion|RegionId\.)/,
    kind: 'AuthFailed',
    advice: 'there is no such region; check provider.options.region',
  },
  {
    codes: /^(InvalidVSwitchId|OperationDenied\.VswZoneMisMatch|InvalidZoneId)/,
    kind: 'AuthFailed',
    advice:
      'check provider.options.vSwitches: each is in the zone that is written beside it, and in the region',
  },
  {
    codes: /^(InvalidSecurityGroup|OperationDenied\.SecurityGroupMisMatch|InvalidOperation\.ResourceManaged)/,
    kind: 'AuthFailed',
    advice: 'check provider.options.securityGroupId: it is in the VPC of the vSwitches',
  },
  {
    codes: /^(InvalidUser\.PassRoleForbidden|RamRole|InvalidRamRole)/,
    kind: 'AuthFailed',
    advice: 'check provider.options.ramRole and grant ram:PassRole on it',
  },
  {
    codes:
      /^(Forbidden|NoPermission|CreateServiceLinkedRole\.Denied|ServiceNotEnabled|FeatureAccessRestricted|SecurityRisk)/,
    kind: 'AuthFailed',
    advice: 'grant the actions that docs/guides/burst-to-eci.md names to the RAM user or role',
  },
  {
    codes: /ContainerGroup.*NotFound|^ResourceNotFound|^InvalidContainer(Name)?\.NotFound/i,
    kind: 'NotFound',
  },
  {
    codes: /^(OperationConflict|IncorrectStatus|IncorrectOperation|InternalError|ServiceUnavailable)/,
    kind: 'Retryable',
  },
];

/** What the SDK throws. Its messages for lost connections hold the whole request: they are never passed on. */
interface SdkError {
  readonly code?: unknown;
  readonly name?: unknown;
  readonly message?: unknown;
  readonly statusCode?: unknown;
  readonly data?: { readonly Code?: unknown; readonly Message?: unknown; readonly RequestId?: unknown };
}

export function toProviderError(error: unknown, action: Action): ProviderError {
  if (error instanceof ProviderError) return error;
  const { code, name, message: raw, statusCode, data } = Object(error) as SdkError;
  if (typeof data?.Code !== 'string') {
    const isChain = typeof raw === 'string' && /^(unable to|not found|cannot|can't).*credential/i.test(raw);
    return withoutAnswer(isChain ? 'InvalidCredentials' : code, name, statusCode, action);
  }
  const message = typeof data.Message === 'string' ? data.Message.slice(0, longestMessage) : '';
  const kindAndAdvice = ruleFor(data.Code, Number(statusCode), action);
  const said = [`${action}: ${data.Code}`, message].filter(Boolean).join(': ');
  const advice = kindAndAdvice.advice === undefined ? '' : ` (${kindAndAdvice.advice})`;
  return new EciError(kindAndAdvice.kind, `${said}${advice}`, data.Code);
}

/** The vendor's code, for the few places that decide by it. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof ProviderError && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;
}

class EciError extends ProviderError {
  readonly code: string;

  constructor(kind: ProviderErrorKind, message: string, code: string) {
    super(kind, message);
    this.code = code;
  }
}

function ruleFor(code: string, statusCode: number, action: Action): Omit<Rule, 'codes'> {
  const rule = rules.find(({ codes }) => codes.test(code));
  if (rule !== undefined) return rule;
  if (statusCode === 429) return { kind: 'Throttled' };
  if (statusCode === 401) return { kind: 'AuthFailed' };
  if (statusCode >= 500 || statusCode === 408 || !(statusCode >= 400)) return { kind: 'Retryable' };
  if (statusCode === 404) return { kind: 'NotFound' };
  // What is wrong with a request for a new instance is wrong with the Pod; nothing else carries anything of a Pod.
  return { kind: action === 'createContainerGroup' ? 'InvalidSpec' : 'Retryable' };
}

function withoutAnswer(code: unknown, name: unknown, statusCode: unknown, action: Action): ProviderError {
  const what = typeof code === 'string' ? code : typeof name === 'string' ? name : 'error';
  if (what === 'InvalidCredentials')
    return new ProviderError(
      'AuthFailed',
      `${action}: no credentials; set provider.options.credentials, or ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or give this machine a RAM role`,
    );
  if (what === 'ENOTFOUND')
    return new ProviderError(
      'Retryable',
      `${action}: the host of the endpoint is not known; check provider.options.region and endpoint, and the name servers of this machine`,
    );
  const status = statusCode === undefined ? '' : ` (status ${Number(statusCode)})`;
  return new ProviderError('Retryable', `${action}: no usable answer, ${what.slice(0, 60)}${status}`);
}
