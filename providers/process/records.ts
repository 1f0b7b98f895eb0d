import { readFileSync } from 'node:fs';
import { ProviderError } from '../contract/errors.ts';
import type { Ownership } from '../contract/ownership.ts';
import type { ProcessId } from './process-table.ts';

/** sandbox.json. There from the first moment of the folder, so nothing ever runs without an owner on disk. */
export interface SandboxRecord {
  readonly version: 1;
  readonly id: string;
  readonly owner: Ownership;
  /** Random; every process of the sandbox carries it in its environment (see marker.ts). */
  readonly mark: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly hostname: string;
  readonly logMaxBytes: number;
  readonly logMaxFiles: number;
}

/** shim-<n>.json. */
export interface ClaimRecord {
  readonly version: 1;
  readonly process: ProcessId;
}

/** state.json: what the shim knows. `sequence` grows with every change. */
export interface StateRecord {
  readonly version: 1;
  readonly sequence: number;
  readonly ips: readonly string[];
  /** Oldest first. */
  readonly containers: readonly ContainerRecord[];
}

/** One run of a container. Neither `process` nor `exit`: about to be started, and it may or may not run. */
export interface ContainerRecord {
  readonly id: string;
  readonly name: string;
  readonly run: number;
  readonly image: string;
  readonly workingDir: string;
  /** It has an input: for all sessions, or for the first one only. */
  readonly stdin?: 'open' | 'once';
  readonly tty?: true;
  /** ISO 8601. */
  readonly startedAt: string;
  readonly process?: ProcessId;
  /** Milliseconds since the epoch; set once a stop was asked for. */
  readonly killAt?: number;
  readonly exit?: ExitRecord;
  /** Its log has been written to the end; only then is the exit told to others. */
  readonly settled: boolean;
}

export interface ExitRecord {
  readonly exitCode: number;
  readonly signal?: number;
  readonly reason: string;
  readonly message: string;
  /** ISO 8601. */
  readonly finishedAt: string;
}

/** sessions/<n>/process.json: a command that runs beside the first process of a container. */
export interface SessionProcessRecord {
  readonly version: 1;
  readonly containerId: string;
  readonly process: ProcessId;
}

export const emptyState: StateRecord = { version: 1, sequence: 0, ips: [], containers: [] };

/** What is known of a process that ended while nothing could see how. */
export function unknownExit(finishedAt: string): ExitRecord {
  return {
    exitCode: 137,
    reason: 'ContainerStatusUnknown',
    message: 'The process ended while nothing supervised it; its exit code is not known',
    finishedAt,
  };
}

/** Reads one of the records above; undefined when there is no such file. */
export function readRecord<T extends { readonly version: 1 }>(file: string): T | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
  return parseRecord<T>(text, file);
}

export function parseRecord<T extends { readonly version: 1 }>(text: string, file: string): T {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch (cause) {
    throw new ProviderError(
      'Retryable',
      `${file} is not JSON; restore it, or remove its folder after making sure that nothing of it runs`,
      { cause },
    );
  }
  if (typeof record !== 'object' || record === null || !('version' in record) || record.version !== 1)
    throw new ProviderError('Retryable', `${file} was written by another version of this program`);
  return record as T;
}

/** ENOENT, or ENOTDIR on the way there. */
export function isMissing(error: unknown): boolean {
  return hasCode(error, 'ENOENT') || hasCode(error, 'ENOTDIR');
}

export function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
