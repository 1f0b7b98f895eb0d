import { createHash, createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ApiError } from './api-error.ts';

/** What a signature is made over. */
export interface SignedCall {
  readonly method: string;
  readonly path: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  readonly body: Uint8Array;
}

export interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

const algorithm = 'ACS3-HMAC-SHA256';
const maxSkewMs = 15 * 60_000;

/**
 * Checks the signature of version 3 (ACS3-HMAC-SHA256) as the gateway does: known key, fresh date, right hash of the
 * body, right signature over method, path, query and the signed headers. Throws {@link ApiError}.
 */
export function verifySignature(call: SignedCall, keys: readonly AccessKey[], wallMs: number): void {
  const { credential, signedHeaders, signature } = authorizationOf(header(call.headers, 'authorization'));
  const key = keys.find(({ accessKeyId }) => accessKeyId === credential);
  if (key === undefined)
    throw new ApiError(404, 'InvalidAccessKeyId.NotFound', 'Specified access key is not found.');
  checkDate(header(call.headers, 'x-acs-date'), wallMs);
  const payload = createHash('sha256').update(call.body).digest('hex');
  if (header(call.headers, 'x-acs-content-sha256') !== payload)
    throw mismatch('the hash of the body differs');
  const canonical = canonicalRequest(call, signedHeaders, payload);
  const digest = createHash('sha256').update(canonical).digest('hex');
  const wanted = createHmac('sha256', key.accessKeySecret).update(`${algorithm}\n${digest}`).digest('hex');
  if (signature !== wanted)
    throw mismatch(`server string to sign is ${JSON.stringify(canonical.slice(0, 200))}`);
}

function authorizationOf(text: string): { credential: string; signedHeaders: string; signature: string } {
  const [, credential, signedHeaders, signature] =
    /^ACS3-HMAC-SHA256 Credential=([^,]*),SignedHeaders=([^,]*),Signature=([0-9a-f]*)$/.exec(text) ?? [];
  if (credential === undefined || signedHeaders === undefined || signature === undefined)
    throw new ApiError(
      400,
      'IncompleteSignature',
      'The request signature does not conform to the standards.',
    );
  for (const needed of ['host', 'x-acs-action', 'x-acs-date', 'x-acs-signature-nonce', 'x-acs-version'])
    if (!signedHeaders.split(';').includes(needed))
      throw new ApiError(400, 'IncompleteSignature', `The header ${needed} is not signed.`);
  return { credential, signedHeaders, signature };
}

function checkDate(date: string, wallMs: number): void {
  const ms = Date.parse(date);
  if (!Number.isNaN(ms) && Math.abs(ms - wallMs) <= maxSkewMs) return;
  throw new ApiError(400, 'InvalidTimeStamp.Expired', 'Specified time stamp or date value is expired.');
}

function canonicalRequest(call: SignedCall, signedHeaders: string, payload: string): string {
  const query = [...call.query.keys()]
    .sort()
    .map((name) => `${name}=${encode(call.query.get(name) ?? '')}`)
    .join('&');
  const headers = signedHeaders
    .split(';')
    .map((name) => `${name}:${header(call.headers, name).trim()}\n`)
    .join('');
  return [call.method, call.path, query, headers, signedHeaders, payload].join('\n');
}

/** RFC 3986, stricter than encodeURIComponent. */
function encode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function header(headers: IncomingHttpHeaders, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : (value ?? '');
}

function mismatch(why: string): ApiError {
  return new ApiError(
    400,
    'SignatureDoesNotMatch',
    `Specified signature is not matched with our calculation. ${why}`,
  );
}
