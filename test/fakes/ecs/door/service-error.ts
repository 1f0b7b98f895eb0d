/** An answer other than 200, in the shape of the AWS JSON protocols: `__type`, `message` and perhaps more fields. */
export class ServiceError extends Error {
  override readonly name = 'ServiceError';
  readonly code: string;
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    more: { status?: number; fields?: Record<string, unknown> } = {},
  ) {
    super(message);
    this.code = code;
    this.status = more.status ?? 400;
    this.fields = more.fields ?? {};
  }
}

export function clientException(message: string): ServiceError {
  return new ServiceError('ClientException', message);
}

export function invalidParameter(message: string): ServiceError {
  return new ServiceError('InvalidParameterException', message);
}

export function throttled(): ServiceError {
  return new ServiceError('ThrottlingException', 'Rate exceeded');
}
