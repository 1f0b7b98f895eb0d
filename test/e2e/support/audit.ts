import { readFile } from 'node:fs/promises';

/** One request that the API server has answered (audit.k8s.io/v1 Event, as far as it is read here). */
interface AuditEvent {
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
    readonly namespace?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly message?: string };
}

/** Every request of a user so far. */
export async function requestsOf(auditLog: string, user: string): Promise<AuditEvent[]> {
  const lines = (await readFile(auditLog, 'utf8')).split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as AuditEvent).filter(({ user: by }) => by.username === user);
}

/** Forbidden, or not to be understood: no daemon should ever be told so. */
const refusals: readonly (number | undefined)[] = [400, 401, 403, 415, 422];

/**
 * Those that the API server refused, by an authorizer, admission or validation. Left out are objects in a namespace that
 * is going: Events about Pods that end with their namespace are refused to a kubelet as well.
 */
export async function refused(auditLog: string, user: string): Promise<string[]> {
  const found = (await requestsOf(auditLog, user)).filter(
    ({ responseStatus: { code, message = '' } = {} }) =>
      refusals.includes(code) && !message.includes('because it is being terminated'),
  );
  return found.map(
    ({ verb, requestURI, responseStatus }) =>
      `${responseStatus?.code} ${verb} ${requestURI}: ${responseStatus?.message}`,
  );
}

/** `patch pods/status` and `update leases.coordination.k8s.io`: what was asked for and allowed. */
export async function used(auditLog: string, user: string): Promise<Set<string>> {
  const allowed = (await requestsOf(auditLog, user)).filter(
    ({ responseStatus }) => responseStatus?.code !== 403,
  );
  return new Set(
    allowed.map(({ verb, objectRef: { resource = '', subresource, apiGroup } = {} }) => {
      const group = apiGroup === undefined ? '' : `.${apiGroup}`;
      return `${verb} ${resource}${group}${subresource === undefined ? '' : `/${subresource}`}`;
    }),
  );
}
