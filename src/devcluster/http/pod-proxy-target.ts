import { badRequest } from '../store/api-error.ts';
import { record, records, text } from '../store/json.ts';
import type { StoredObject } from '../store/store.ts';

/** `NAME`, `NAME:PORT` or `SCHEME:NAME:PORT`, as the name of a Pod in a proxy path (apimachinery, pkg/util/net). */
export interface ProxyId {
  readonly scheme: 'http' | 'https';
  readonly name: string;
  readonly port: string;
}

export function parseProxyId(id: string): ProxyId {
  const parts = id.split(':');
  const [scheme = '', name = '', port = ''] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || name === '' || !['', 'http', 'https'].includes(scheme))
    throw badRequest(`invalid pod request ${JSON.stringify(id)}`);
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port };
}

/**
 * The origin behind pods/proxy: by default the first port that a container names (pkg/registry/core/pod/strategy.go,
 * ResourceLocation). Unlike there it may be on loopback: that is where Pods of a laptop are.
 */
export function podOrigin(pod: Readonly<StoredObject>, { scheme, port }: ProxyId): string {
  const ip = text(record(pod.status).podIP);
  if (ip === undefined) throw badRequest('address not allowed');
  const [first] = records(record(pod.spec).containers).flatMap(({ ports }) => records(ports));
  const number = port === '' ? first?.containerPort : port;
  if (number !== undefined && !/^\d+$/.test(String(number)))
    throw badRequest(`there is no port ${JSON.stringify(number)}: give its number`);
  return `${scheme}://${ip.includes(':') ? `[${ip}]` : ip}${number === undefined ? '' : `:${String(number)}`}`;
}
