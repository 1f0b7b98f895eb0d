import type { IncomingHttpHeaders } from 'node:http';

/** Which protocols a route speaks; the client's order decides. `''` = the client may name none. */
export interface Offer {
  readonly webSocket: readonly string[];
  readonly spdy: readonly string[];
}

export interface Chosen {
  readonly kind: 'websocket' | 'spdy';
  readonly protocol: string;
}

export type Negotiated = Chosen | UpgradeRefusal;

/** A plain answer in the place of the upgrade. */
export interface UpgradeRefusal {
  readonly kind: 'refused';
  readonly status: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string | string[]>>;
}

/** As the kubelet negotiates (streaming/pkg/httpstream: Handshake, spdy/upgrade.go, wsstream/conn.go). */
export function negotiate(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  offer: Offer,
): Negotiated {
  if (!isUpgrade(headers)) return refused(400, 'Upgrade request required');
  if (headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) !== 0)
    return refused(400, 'a request to upgrade has no body');
  return headers.upgrade?.toLowerCase() === 'websocket'
    ? webSocket(method, headers, offer.webSocket)
    : spdy(headers, offer.spdy);
}

/** Whether the client asks for a WebSocket. */
export function wantsWebSocket(headers: IncomingHttpHeaders): boolean {
  return isUpgrade(headers) && headers.upgrade?.toLowerCase() === 'websocket';
}

/** The subprotocols that it asks for. */
export function webSocketProtocols(headers: IncomingHttpHeaders): string[] {
  return list(headers['sec-websocket-protocol']);
}

function isUpgrade(headers: IncomingHttpHeaders): boolean {
  return headers.upgrade !== undefined && /\bupgrade\b/i.test(headers.connection ?? '');
}

function webSocket(
  method: string | undefined,
  headers: IncomingHttpHeaders,
  known: readonly string[],
): Negotiated {
  if (method !== 'GET') return refused(405, 'a WebSocket is asked for with GET');
  if (headers['sec-websocket-version'] !== '13')
    return refused(400, 'unsupported WebSocket version', { 'sec-websocket-version': '13' });
  if (!/^[+/0-9A-Za-z]{22}==$/.test(headers['sec-websocket-key'] ?? ''))
    return refused(400, 'missing or bad Sec-WebSocket-Key');
  const asked = webSocketProtocols(headers);
  const protocol = (asked.length === 0 ? [''] : asked).find((one) => known.includes(one));
  if (protocol !== undefined) return { kind: 'websocket', protocol };
  const supported = known.filter((one) => one !== '').join(' ');
  return refused(
    403,
    `requested protocol(s) are not supported: [${asked.join(' ')}]; supports [${supported}]`,
  );
}

function spdy(headers: IncomingHttpHeaders, known: readonly string[]): Negotiated {
  const asked = list(headers['x-stream-protocol-version']);
  if (asked.length === 0) return refused(400, 'missing required X-Stream-Protocol-Version header');
  const protocol = asked.find((one) => known.includes(one));
  if (protocol === undefined)
    return refused(
      403,
      `unable to upgrade: unable to negotiate protocol: client supports [${asked.join(' ')}], server accepts [${known.join(' ')}]`,
      { 'x-accepted-stream-protocol-versions': [...known] },
    );
  if (!headers.upgrade?.toLowerCase().includes('spdy/3.1'))
    return refused(400, 'unable to upgrade: the request must ask to upgrade to SPDY/3.1 or to a WebSocket');
  return { kind: 'spdy', protocol };
}

/** One or several headers of one name, each with one value or several. */
function list(header: string | readonly string[] | undefined): string[] {
  return [header ?? []]
    .flat()
    .flatMap((one) => one.split(','))
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function refused(status: number, text: string, headers?: UpgradeRefusal['headers']): UpgradeRefusal {
  return { kind: 'refused', status, text, ...(headers === undefined ? {} : { headers }) };
}
