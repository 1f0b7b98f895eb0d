import type { Status } from '../../../kube/types.ts';

/**
 * How a command went, as clients read it from the error stream (cri-streaming/pkg/streaming/remotecommand). It is the last
 * thing that they are told; without it no client believes that a command succeeded.
 */
export const success: Status = { metadata: {}, status: 'Success' };

/** What the command returned. A number that no process can return is a fault of the provider, and never a success. */
export function exitStatus(code: number): Status {
  if (code === 0) return success;
  if (!Number.isInteger(code) || code < 0 || code > 255)
    return internalError(`error executing command in container: the provider reported exit code ${code}`);
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit code ${code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

/** Something else than the command failed: nobody knows how the command itself went. */
export function internalError(text: string): Status {
  return {
    metadata: {},
    status: 'Failure',
    message: `Internal error occurred: ${text}`,
    reason: 'InternalError',
    details: { causes: [{ message: text }] },
    code: 500,
  };
}

/** For protocols from v4 on, the object itself; before that only the words of a failure, and nothing after success. */
export function statusBytes(status: Status, form: 'object' | 'text'): Buffer {
  if (form === 'object') return Buffer.from(JSON.stringify(status));
  return Buffer.from(status.status === 'Success' ? '' : (status.message ?? 'unknown error'));
}
