/** Careful reading of JSON that a client sent: the shape is checked where it is used, never assumed. */
export type Json = Record<string, unknown>;

export function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The value when it is an object, else a fresh empty one. */
export function record(value: unknown): Json {
  return isRecord(value) ? value : {};
}

/** The objects in a list; whatever else it holds is left out. */
export function records(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isRecord) : [];
}

export function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Sets a default: only where the client left the field out. */
export function setDefault(target: Json, field: string, value: unknown): void {
  if (target[field] === undefined) target[field] = value;
}

/** Drops nulls in place, as the real server does when it decodes into structs. Lists keep theirs. */
export function dropNulls(value: unknown): void {
  if (Array.isArray(value)) {
    for (const item of value) dropNulls(item);
  } else if (isRecord(value)) {
    for (const [field, inner] of Object.entries(value)) {
      if (inner === null) delete value[field];
      else dropNulls(inner);
    }
  }
}

/** Kubernetes' metav1.Time: RFC 3339 in whole seconds. */
export function rfc3339(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
