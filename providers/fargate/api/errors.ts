import { ProviderError, type ProviderErrorKind } from '../../contract/index.ts';

/** Where a call went, for messages. */
export interface Place {
  readonly region: string;
  readonly cluster: string;
}

interface Meaning {
  /** Matched against `<name>: <message>` of the SDK's error. */
  readonly pattern: RegExp;
  readonly kind: ProviderErrorKind;
  /** What to do; `%` stands for the place. */
  readonly advice?: string;
}

/** repost.aws/knowledge-center/ecs-fargate-runtask-capacity; `RESOURCE:CPU` and its kind are older reasons of failures[]. */
export const capacityText = /[Cc]apacity is unavailable|[Ii]nsufficient capacity|\bRESOURCE:[A-Z]/;

/** In order: the first that fits counts. What is wrong with the account or the options is AuthFailed, for it is not the Pod's fault. Names of client-ecs and of the common errors of AWS. */
const meanings: readonly Meaning[] = [
  {
    pattern: /CredentialsProviderError|Could not load credentials|MissingAuthenticationToken/i,
    kind: 'AuthFailed',
    advice:
      'no credentials were found: give the daemon a role (IRSA, Pod Identity, instance profile) or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY',
  },
  {
    pattern: /Expired ?Token|RequestExpired|token.*is expired/i,
    kind: 'AuthFailed',
    advice: 'the session token has expired: renew it, or use a role that renews it',
  },
  {
    pattern:
      /Signature (expired|not yet current)|RequestTimeTooSkewed|RequestInTheFuture|is (now earlier|still later) than/i,
    kind: 'AuthFailed',
    advice: 'the clock of this machine is wrong: set it (NTP)',
  },
  {
    pattern:
      /UnrecognizedClient|InvalidClientTokenId|InvalidAccessKeyId|SignatureDoesNotMatch|InvalidSignature/i,
    kind: 'AuthFailed',
    advice: 'the credentials are wrong, or not valid in %',
  },
  {
    pattern: /AccessDenied|UnauthorizedOperation|not authorized to perform|PassRole|BlockedException/i,
    kind: 'AuthFailed',
    advice: 'add the permission to the policy of the daemon (docs/guides/burst-to-fargate.md)',
  },
  {
    pattern: /ClusterNotFound/i,
    kind: 'AuthFailed',
    advice: 'there is no such cluster in %: check the options region and cluster',
  },
  { pattern: capacityText, kind: 'OutOfStock' },
  {
    pattern: /limit on the number of (vcpus|tasks)|vcpu limit|LimitExceeded|ServiceQuotaExceeded/i,
    kind: 'QuotaExceeded',
    advice: 'ask AWS for more with Service Quotas, or lower the options instances and vcpus',
  },
  { pattern: /Throttl|TooManyRequests|Rate exceeded|RequestLimitExceeded/i, kind: 'Throttled' },
  {
    pattern: /ENOTFOUND|EAI_AGAIN|UnknownEndpoint|Inaccessible host/i,
    kind: 'Retryable',
    advice:
      'the service cannot be found by name: is % a region, and does the name service of this machine work?',
  },
  {
    pattern: /capacity provider/i,
    kind: 'AuthFailed',
    advice: 'FARGATE_SPOT has to be associated with the cluster: aws ecs put-cluster-capacity-providers',
  },
  {
    pattern: /assume the role|role is not valid|invalid.*role/i,
    kind: 'AuthFailed',
    advice: 'check the options executionRoleArn and taskRoleArn, and who may assume these roles',
  },
  {
    pattern: /\bsubnet|security ?group/i,
    kind: 'AuthFailed',
    advice: 'check the options subnets and securityGroups',
  },
  {
    pattern: /EncryptionFailure|DecryptionFailure|Access to KMS/i,
    kind: 'AuthFailed',
    advice: 'Secrets Manager cannot use its key: see to the KMS key aws/secretsmanager in %',
  },
  {
    pattern: /execute command was not enabled/,
    kind: 'Unsupported',
    advice:
      'exec needs a task that was launched with the option enableExecuteCommand, and a task role with the ssmmessages permissions (docs/guides/burst-to-fargate.md)',
  },
  {
    pattern: /TargetNotConnected/,
    kind: 'Retryable',
    advice:
      'the agent in the container is not connected to Session Manager: it may still be starting; otherwise see to the ssmmessages permissions of taskRoleArn and to the way from the subnets to ssmmessages.%.amazonaws.com',
  },
  { pattern: /Platform|UnsupportedFeature|No Fargate configuration/, kind: 'InvalidSpec' },
  { pattern: /task was not found|TargetNotFound/i, kind: 'NotFound' },
  {
    pattern: /^(ClientException|InvalidParameterException|ValidationException|SerializationException)/,
    kind: 'InvalidSpec',
  },
];

/** What an error of the SDK means. Unknown ones count as Retryable: the outcome of the call is open. */
export function classify(error: unknown, call: string, place: Place): ProviderError {
  if (error instanceof ProviderError) return error;
  const { name, message, retryAfterMs } = partsOf(error);
  const said = `${name}: ${message}`;
  const meaning = meanings.find(({ pattern }) => pattern.test(said));
  const advice = meaning?.advice?.replace('%', place.region);
  const text = `${call}: ${said}${advice === undefined ? '' : `; ${advice}`}`;
  return new ProviderError(meaning?.kind ?? 'Retryable', text, {
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: error,
  });
}

/** A failure in an answer of HTTP 200: `failures[]` of RunTask. Nothing was started. */
export function runFailure(
  failure: { readonly reason?: string | undefined; readonly detail?: string | undefined },
  offer: string,
): ProviderError {
  const said = [failure.reason, failure.detail].filter(Boolean).join(': ') || 'no reason given';
  const kind = meanings.find(({ pattern }) => pattern.test(said))?.kind ?? 'Throttled';
  const known =
    kind === 'OutOfStock' || kind === 'QuotaExceeded' || kind === 'AuthFailed' ? kind : 'Throttled';
  return new ProviderError(known, `RunTask: ${said}`, known === 'OutOfStock' ? { offer } : {});
}

/** The node did not reach AWS, or AWS did not answer: the request may have taken effect. */
function partsOf(error: unknown): { name: string; message: string; retryAfterMs?: number } {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code} ` : '';
  const metadata =
    '$response' in error ? (error.$response as { headers?: Record<string, string> }) : undefined;
  const seconds = Number(metadata?.headers?.['retry-after']);
  const name = error.name === '' ? 'Error' : error.name;
  const message = `${code}${error.message}`.trim() || 'no message';
  return seconds > 0 ? { name, message, retryAfterMs: seconds * 1000 } : { name, message };
}
