import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { ServiceError } from './service-error.ts';

/** A request as it came in, header names in lower case. */
export interface SignedRequest {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

export interface KeyPair {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** What the door knows of one access key. */
export interface KnownKey {
  readonly secretAccessKey: string;
  /** Temporary credentials: the token that must come with it, and when that ends (milliseconds since the epoch). */
  readonly session?: { readonly token: string; readonly expiresAt: number };
}

export interface SignatureRules {
  readonly region: string;
  readonly service: string;
  readonly now: number;
  key(accessKeyId: string): KnownKey | undefined;
}

const maxSkewMs = 300_000;

/**
 * Verifies AWS Signature Version 4 as the services do, with their codes and, in substance, their messages. Returns the
 * access key id. docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
 */
export function verifySignature(request: SignedRequest, rules: SignatureRules): string {
  const { headers } = request;
  const header = headers.authorization;
  if (header === undefined)
    throw new ServiceError('MissingAuthenticationTokenException', 'Request is missing Authentication Token');
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(header);
  const [, credential = '', signedHeaders = '', signature = ''] = parts ?? [];
  const [accessKeyId = '', date = '', region = '', service = '', end = ''] = credential.split('/');
  if (parts === null || end !== 'aws4_request')
    throw new ServiceError(
      'IncompleteSignatureException',
      'The Authorization header is not a signature of version 4',
    );
  const key = rules.key(accessKeyId);
  if (key === undefined)
    throw new ServiceError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  const amzDate = headers['x-amz-date'] ?? '';
  checkTime(amzDate, rules.now);
  if (region !== rules.region)
    throw new ServiceError(
      'InvalidSignatureException',
      `Credential should be scoped to a valid region, not '${region}'.`,
    );
  if (service !== rules.service)
    throw new ServiceError(
      'InvalidSignatureException',
      `Credential should be scoped to correct service: '${rules.service}'.`,
    );
  checkSession(headers['x-amz-security-token'], key, rules.now);
  const scope = [date, region, service, end].join('/');
  const text = ['AWS4-HMAC-SHA256', amzDate, scope, sha256(canonical(request, signedHeaders))].join('\n');
  const secret = [date, region, service, end].reduce(hmac, Buffer.from(`AWS4${key.secretAccessKey}`));
  if (!amzDate.startsWith(date) || !timingSafeEqual(hmac(secret, text), Buffer.from(signature, 'hex')))
    throw new ServiceError(
      'InvalidSignatureException',
      'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.',
    );
  return accessKeyId;
}

function checkTime(amzDate: string, now: number): void {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(amzDate) ?? [];
  const at = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  if (Number.isNaN(at))
    throw new ServiceError('IncompleteSignatureException', 'X-Amz-Date is missing or malformed');
  const limit = now - maxSkewMs;
  if (at < limit)
    throw new ServiceError(
      'InvalidSignatureException',
      `Signature expired: ${amzDate} is now earlier than ${compact(limit)} (${compact(now)} - 5 min.)`,
    );
  if (at > now + maxSkewMs)
    throw new ServiceError(
      'InvalidSignatureException',
      `Signature not yet current: ${amzDate} is still later than ${compact(now + maxSkewMs)} (${compact(now)} + 5 min.)`,
    );
}

function checkSession(token: string | undefined, { session }: KnownKey, now: number): void {
  if (token !== session?.token)
    throw new ServiceError(
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    );
  if (session !== undefined && session.expiresAt <= now)
    throw new ServiceError('ExpiredTokenException', 'The security token included in the request is expired');
}

function canonical({ method, url, headers, body }: SignedRequest, signedHeaders: string): string {
  const [path = '/', query = ''] = url.split('?');
  const lines = signedHeaders
    .split(';')
    .map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`);
  const sorted = query.split('&').toSorted().join('&');
  return [method, path, sorted, ...lines, '', signedHeaders, sha256(body)].join('\n');
}

function compact(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '');
}

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
