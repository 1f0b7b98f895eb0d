import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';

/** Of one connection, or between client and API server alone: not for who is behind it. */
const ownHeaders = ['authorization', 'cookie', 'host', 'expect'];
const connectionHeaders = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
];

/** The headers of an upgrade request as they go on: with those that ask for the upgrade. */
export function upgradeHeaders(request: IncomingMessage): Record<string, string[]> {
  const kept: Record<string, string[]> = {};
  for (const [name, values] of Object.entries(request.headersDistinct))
    if (values !== undefined && !isOwn(name)) kept[name] = values;
  return kept;
}

/** The headers of any other message as they go on. */
export function endToEndHeaders(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers))
    if (value !== undefined && !isOwn(name) && !connectionHeaders.includes(name)) kept[name] = value;
  return kept;
}

function isOwn(name: string): boolean {
  return ownHeaders.includes(name) || name.startsWith('impersonate-');
}
