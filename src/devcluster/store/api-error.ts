/**
 * Failures of the API as the real server words them (k8s.io/apimachinery pkg/api/errors). `resource` is `plural` or
 * `plural.group`, the way the messages print it.
 */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  /** The metav1.Status that goes over the wire. */
  toStatus(): Record<string, unknown> {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details && { details: this.details }),
      code: this.code,
    };
  }
}

function detailsOf(resource: string, name: string, causes?: readonly StatusCause[]): StatusDetails {
  const dot = resource.indexOf('.');
  return {
    ...(name !== '' && { name }),
    ...(dot > 0 && { group: resource.slice(dot + 1) }),
    kind: dot > 0 ? resource.slice(0, dot) : resource,
    ...(causes && { causes }),
  };
}

export function notFound(resource: string, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${resource} "${name}" not found`, detailsOf(resource, name));
}

export function alreadyExists(resource: string, name: string): ApiError {
  return new ApiError(
    409,
    'AlreadyExists',
    `${resource} "${name}" already exists`,
    detailsOf(resource, name),
  );
}

export function conflict(resource: string, name: string, why: string): ApiError {
  const message = `Operation cannot be fulfilled on ${resource} "${name}": ${why}`;
  return new ApiError(409, 'Conflict', message, detailsOf(resource, name));
}

export function forbidden(resource: string, name: string, why: string, causes?: StatusCause[]): ApiError {
  const what = name === '' ? resource : `${resource} "${name}"`;
  return new ApiError(403, 'Forbidden', `${what} is forbidden: ${why}`, detailsOf(resource, name, causes));
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

export function internalError(why: string): ApiError {
  return new ApiError(500, 'InternalError', `Internal error occurred: ${why}`, {
    causes: [{ reason: '', message: why }],
  });
}

/** A resourceVersion or continue token that the bounded history no longer covers: list anew. */
export function expired(message: string): ApiError {
  return new ApiError(410, 'Expired', message);
}

export function methodNotAllowed(): ApiError {
  return new ApiError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

export function pathNotFound(): ApiError {
  return new ApiError(404, 'NotFound', 'the server could not find the requested resource', {});
}

export function notImplemented(what: string): ApiError {
  return new ApiError(501, 'NotImplemented', `${what} is not implemented by this development cluster`);
}

/** One broken rule at one field, worded like k8s.io/apimachinery pkg/util/validation/field. */
export function required(field: string, detail = ''): StatusCause {
  return {
    reason: 'FieldValueRequired',
    message: detail === '' ? 'Required value' : `Required value: ${detail}`,
    field,
  };
}

export function invalidValue(field: string, value: unknown, detail: string): StatusCause {
  return {
    reason: 'FieldValueInvalid',
    message: `Invalid value: ${JSON.stringify(value)}: ${detail}`,
    field,
  };
}

export function unsupportedValue(field: string, value: unknown, supported: readonly string[]): StatusCause {
  const list = supported.map((item) => `"${item}"`).join(', ');
  return {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${JSON.stringify(value)}: supported values: ${list}`,
    field,
  };
}

export function duplicateValue(field: string, value: unknown): StatusCause {
  return { reason: 'FieldValueDuplicate', message: `Duplicate value: ${JSON.stringify(value)}`, field };
}

export function forbiddenField(field: string, detail: string): StatusCause {
  return { reason: 'FieldValueForbidden', message: `Forbidden: ${detail}`, field };
}

/** 422: the object breaks these rules. `kind` is printed with its group: `Deployment.apps "x" is invalid: ...`. */
export function invalid(kind: string, group: string, name: string, causes: readonly StatusCause[]): ApiError {
  const lines = causes.map((cause) => `${cause.field ?? ''}: ${cause.message}`);
  const why = lines.length === 1 ? lines[0] : `[${lines.join(', ')}]`;
  const qualified = group === '' ? kind : `${kind}.${group}`;
  return new ApiError(422, 'Invalid', `${qualified} "${name}" is invalid: ${why}`, {
    ...(name !== '' && { name }),
    ...(group !== '' && { group }),
    kind,
    causes,
  });
}
