/**
 * Where things are, for the runtime and its shims alike:
 *
 *     <state folder>/sandboxes/<sandbox id>/
 *         sandbox.json              who owns it; written before anything runs, never changed
 *         shim-<n>.json, .sock      the n-th shim: its process, its command socket
 *         sess-<n>.sock             its socket for exec and attach
 *         sessions/<n>/             one exec or attach: its FIFOs while it begins, process.json while its command runs
 *         state.json                its containers; written by the shim
 *         usage.json                CPU time counted so far; written by the runtime
 *         removing                  present once its removal has begun
 *         runs/<container>-<run>/   work/ (working directory), log/ (segments), stdin, stdout and stderr (FIFOs)
 */
import path from 'node:path';

export const sandboxFile = 'sandbox.json';
export const stateFile = 'state.json';
export const usageFile = 'usage.json';
export const removingFile = 'removing';
export const shimLogFile = 'shim.log';

export const privateFolderMode = 0o700;
export const privateFileMode = 0o600;

export function claimFile(generation: number): string {
  return `shim-${generation}.json`;
}

/** The generation that a claim file stands for; undefined for other files. */
export function claimGeneration(file: string): number | undefined {
  const match = /^shim-(\d{1,9})\.json$/.exec(file);
  return match === null ? undefined : Number(match[1]);
}

export function socketFile(generation: number): string {
  return `shim-${generation}.sock`;
}

export function sessionSocketFile(generation: number): string {
  return `sess-${generation}.sock`;
}

export const sessionsFolder = 'sessions';
export const sessionProcessFile = 'process.json';

export function runFolder(container: string, run: number): string {
  return path.join('runs', `${container}-${run}`);
}

export function workFolder(container: string, run: number): string {
  return path.join(runFolder(container, run), 'work');
}

export function logFolder(container: string, run: number): string {
  return path.join(runFolder(container, run), 'log');
}

/** Segments are numbered upwards and never renamed, so that a reader can follow them through any rotation. */
export function segmentFile(number: number): string {
  return `${String(number).padStart(9, '0')}.log`;
}

export function segmentNumber(file: string): number | undefined {
  const match = /^(\d{9})\.log$/.exec(file);
  return match === null ? undefined : Number(match[1]);
}
