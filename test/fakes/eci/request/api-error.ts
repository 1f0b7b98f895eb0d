/** An answer other than success, as the vendor's gateway words it: the SDK turns it into an Error with `code`. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

export function missingParameter(name: string): ApiError {
  return new ApiError(
    400,
    'MissingParameter',
    `The input parameter "${name}" that is mandatory for processing this request is not supplied.`,
  );
}

export function invalidParameter(name: string, why: string): ApiError {
  return new ApiError(400, 'InvalidParameter', `The specified parameter ${name} is not valid: ${why}.`);
}

export function tooMany(name: string, why: string): ApiError {
  return new ApiError(
    400,
    'InvalidParameter.ValueExceeded',
    `The value of ${name} exceeds the limit: ${why}.`,
  );
}

export function unknownGroup(id: string): ApiError {
  return new ApiError(
    404,
    'InvalidContainerGroupId.NotFound',
    `The specified ContainerGroupId ${id} does not exist.`,
  );
}

export function noStock(zone: string): ApiError {
  return new ApiError(
    403,
    'OperationDenied.NoStock',
    `Create ECI failed because the specified instance is out of stock. ${zone}`,
  );
}
