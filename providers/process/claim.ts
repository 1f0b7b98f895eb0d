import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { createFile } from './durable-file.ts';
import { claimFile, claimGeneration, removingFile } from './layout.ts';
import type { ProcessId, ProcessTable } from './process-table.ts';
import { isAlive } from './process-table.ts';
import type { ClaimRecord } from './records.ts';
import { readRecord } from './records.ts';

/** The latest claim on a sandbox: which process is, or was, its shim. */
export interface Claim {
  readonly generation: number;
  readonly process: ProcessId;
}

export function latestClaim(folder: string): Claim | undefined {
  const generations = readdirSync(folder)
    .map(claimGeneration)
    .filter((number) => number !== undefined);
  if (generations.length === 0) return undefined;
  const generation = Math.max(...generations);
  const record = readRecord<ClaimRecord>(path.join(folder, claimFile(generation)));
  return record === undefined ? undefined : { generation, process: record.process };
}

/**
 * Makes the calling process the shim of the sandbox. Claims are numbered, appear together with their content and are
 * never removed: whoever creates number n + 1 after n has died is the one shim, however many try. Undefined when
 * another lives, was faster, or the sandbox is being removed.
 */
export function claimSandbox(folder: string, table: ProcessTable): Claim | undefined {
  const own = table.read(process.pid)?.id;
  if (own === undefined) throw new Error('this process is not in the process table');
  const latest = latestClaim(folder);
  if (latest !== undefined && isAlive(table, latest.process)) return undefined;
  const claim: Claim = { generation: (latest?.generation ?? -1) + 1, process: own };
  const record: ClaimRecord = { version: 1, process: own };
  if (!createFile(path.join(folder, claimFile(claim.generation)), JSON.stringify(record))) return undefined;
  // Looked at after claiming: a removal that began earlier is seen here, a later one sees the claim.
  return existsSync(path.join(folder, removingFile)) ? undefined : claim;
}
