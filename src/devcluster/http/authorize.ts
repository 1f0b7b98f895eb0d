import type { IncomingHttpHeaders } from 'node:http';
import { ApiError, forbidden } from '../store/api-error.ts';
import type { Call } from './exchange.ts';
import type { User } from './tokens.ts';

export interface Verdict {
  readonly allowed: boolean;
  readonly reason: string;
}

/** RBAC objects are stored but not evaluated: administrators may do everything, others nothing. */
export function decide(groups: readonly string[]): Verdict {
  if (groups.includes('system:masters'))
    return { allowed: true, reason: 'the group system:masters may do everything' };
  return {
    allowed: false,
    reason: 'this development cluster does not evaluate RBAC: only the group system:masters is allowed',
  };
}

/** What everyone who is known may ask: about himself. */
const selfReviews = ['selfsubjectreviews', 'selfsubjectaccessreviews'];

export function authorizeCall(call: Call, verb: string): void {
  const { user, resource } = call;
  const verdict = decide(user.groups);
  if (verdict.allowed || selfReviews.includes(resource.plural)) return;
  const what = call.subresource === undefined ? resource.plural : `${resource.plural}/${call.subresource}`;
  const where =
    call.namespace === undefined ? 'at the cluster scope' : `in the namespace "${call.namespace}"`;
  const why = `User "${user.username}" cannot ${verb} resource "${what}" in API group "${resource.group}" ${where}: ${verdict.reason}`;
  throw forbidden(resource.id, call.name ?? '', why);
}

export function authorizePath(user: User, verb: string, path: string): void {
  const { allowed, reason } = decide(user.groups);
  const open = ['/api', '/apis', '/openapi', '/version', '/healthz', '/livez', '/readyz'];
  if (allowed || open.some((prefix) => path === prefix || path.startsWith(`${prefix}/`))) return;
  const message = `forbidden: User "${user.username}" cannot ${verb} path "${path}": ${reason}`;
  throw new ApiError(403, 'Forbidden', message, {});
}

/** `kubectl --as`: whoever may do everything may act as anyone. */
export function impersonated(user: User, headers: IncomingHttpHeaders): User {
  const username = headers['impersonate-user'];
  if (typeof username !== 'string') return user;
  const { allowed, reason } = decide(user.groups);
  if (!allowed) {
    const why = `User "${user.username}" cannot impersonate resource "users" in API group "" at the cluster scope: ${reason}`;
    throw forbidden('users', username, why);
  }
  const groups = String(headers['impersonate-group'] ?? '').split(/,\s*/);
  const everyone = username === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated';
  return { username, groups: [...groups.filter((group) => group !== ''), everyone] };
}

export function unauthorized(): ApiError {
  return new ApiError(401, 'Unauthorized', 'Unauthorized');
}
