import { badRequest, conflict, invalid, invalidValue, notFound } from '../store/api-error.ts';
import { type Json, record, rfc3339, text } from '../store/json.ts';
import type { MemoryStore } from '../store/memory-store.ts';
import type { Answer } from './answer.ts';
import { decide } from './authorize.ts';
import { type Call, readObject } from './exchange.ts';
import { live } from './objects.ts';
import { defaultAudience, type TokenAuthority, type User } from './tokens.ts';

export interface ReviewDeps {
  readonly store: MemoryStore;
  readonly tokens: TokenAuthority;
}

/** Kinds that are only answered: the question with its status. */
const reviews: Readonly<Record<string, (spec: Json, user: User, deps: ReviewDeps) => Json>> = {
  tokenreviews(spec, _user, { tokens }) {
    const audiences = strings(spec.audiences);
    const user = tokens.authenticate(text(spec.token) ?? '', audiences);
    if (user === undefined) return { authenticated: false, user: {}, error: 'invalid bearer token' };
    return { authenticated: true, user, audiences: audiences.length > 0 ? audiences : [defaultAudience] };
  },
  selfsubjectreviews: (_spec, user) => ({ userInfo: user }),
  subjectaccessreviews: (spec) => ({ ...decide(strings(spec.groups)) }),
  localsubjectaccessreviews: (spec) => ({ ...decide(strings(spec.groups)) }),
  selfsubjectaccessreviews: (_spec, user) => ({ ...decide(user.groups) }),
};

export function isReview(plural: string): boolean {
  return reviews[plural] !== undefined;
}

export async function review(deps: ReviewDeps, call: Call): Promise<Answer> {
  const object = await readObject(call);
  const { apiVersion = 'authentication.k8s.io/v1', kind = call.resource.kind } = object;
  if (kind !== call.resource.kind)
    throw badRequest(`the object provided is unrecognized (must be of type ${call.resource.kind})`);
  const { token: _token, ...spec } = record(object.spec);
  const status = reviews[call.resource.plural]?.(record(object.spec), call.user, deps);
  return {
    type: 'json',
    code: 201,
    body: { kind, apiVersion, metadata: record(object.metadata), spec, status },
  };
}

const shortestSeconds = 600;
const defaultSeconds = 3600;
const longestSeconds = 2 ** 32;

/** serviceaccounts/token: TokenRequest, optionally bound to a Pod of the account. */
export async function requestToken({ store, tokens }: ReviewDeps, call: Call): Promise<Answer> {
  const account = live(store, call);
  const object = await readObject(call);
  const spec = record(object.spec);
  const seconds = Number(spec.expirationSeconds ?? defaultSeconds);
  if (!(seconds >= shortestSeconds && seconds <= longestSeconds)) {
    const why = `may not specify a duration less than 10 minutes or larger than 2^32 seconds`;
    throw invalid('TokenRequest', 'authentication.k8s.io', account.metadata.name, [
      invalidValue('spec.expirationSeconds', spec.expirationSeconds, why),
    ]);
  }
  const { namespace = '', name, uid } = account.metadata;
  const pod =
    spec.boundObjectRef === undefined ? undefined : boundPod(store, call, record(spec.boundObjectRef));
  const audiences = strings(spec.audiences);
  const { token, expires } = tokens.issueForAccount({
    namespace,
    account: { name, uid },
    ...(pod && { pod }),
    audiences: audiences.length > 0 ? audiences : [defaultAudience],
    expirationSeconds: Math.floor(seconds),
  });
  const body = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace },
    spec: {
      ...spec,
      audiences: audiences.length > 0 ? audiences : [defaultAudience],
      expirationSeconds: seconds,
    },
    status: { token, expirationTimestamp: rfc3339(expires) },
  };
  return { type: 'json', code: 201, body };
}

function boundPod(
  store: MemoryStore,
  call: Call,
  reference: Json,
): { readonly name: string; readonly uid: string } {
  const name = text(reference.name) ?? '';
  if (reference.kind !== 'Pod')
    throw badRequest(`cannot bind token to object of type ${String(reference.kind)}`);
  const pod = store.get('pods', call.namespace, name);
  if (pod === undefined) throw notFound('pods', name);
  const { uid } = pod.metadata;
  if (text(reference.uid) !== undefined && reference.uid !== uid) {
    const why = `the UID in the bound object reference (${reference.uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw conflict('pods', name, why);
  }
  if (record(pod.spec).serviceAccountName !== call.name) {
    throw badRequest(
      `cannot bind token for serviceaccount "${call.name}" to pod running with different serviceaccount name.`,
    );
  }
  return { name, uid };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
