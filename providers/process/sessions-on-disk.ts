import { readdirSync } from 'node:fs';
import path from 'node:path';
import { sessionProcessFile, sessionsFolder } from './layout.ts';
import type { SessionProcessRecord } from './records.ts';
import { isMissing, readRecord } from './records.ts';

/** The commands that run in a sandbox beside the first processes of its containers, as its shim has noted them. */
export function sessionProcesses(folder: string): SessionProcessRecord[] {
  const sessions = path.join(folder, sessionsFolder);
  return names(sessions)
    .map((name) => readRecord<SessionProcessRecord>(path.join(sessions, name, sessionProcessFile)))
    .filter((record) => record !== undefined);
}

function names(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
