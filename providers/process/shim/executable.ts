import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';
import { hasCode, isMissing } from '../records.ts';

/** Why a command cannot be started; the text is what a container runtime (runc) says in the same case. */
export class StartFailure extends Error {
  override readonly name = 'StartFailure';
  /** What a shell would exit with: 127 not found, 126 found but not to be run. */
  readonly shellCode: 126 | 127;

  constructor(message: string, shellCode: 126 | 127) {
    super(message);
    this.shellCode = shellCode;
  }
}

/** The file that `command` names in a process with this working directory and PATH. Throws StartFailure. */
export function findExecutable(command: string, workingDir: string, searchPath: string): string {
  if (command.includes('/')) {
    const file = path.resolve(workingDir, command);
    const problem = problemOf(file);
    if (problem === undefined) return file;
    throw new StartFailure(
      problem.code === 127
        ? `exec: "${command}": stat ${file}: ${problem.text}`
        : `exec: "${command}": ${problem.text}`,
      problem.code,
    );
  }
  let denied = false;
  for (const folder of searchPath.split(':')) {
    const file = path.resolve(workingDir, folder, command);
    const problem = problemOf(file);
    if (problem === undefined) return file;
    denied ||= problem.code === 126 && problem.text === permissionDenied;
  }
  if (denied) throw new StartFailure(`exec: "${command}": ${permissionDenied}`, 126);
  throw new StartFailure(`exec: "${command}": executable file not found in $PATH`, 127);
}

/** Throws StartFailure when the folder cannot be a working directory. */
export function checkWorkingDir(workingDir: string): void {
  try {
    if (!statSync(workingDir).isDirectory())
      throw new StartFailure(`chdir to workingDir ("${workingDir}") failed: not a directory`, 126);
    accessSync(workingDir, constants.X_OK);
  } catch (error) {
    if (error instanceof StartFailure) throw error;
    const text = isMissing(error) ? 'no such file or directory' : permissionDenied;
    throw new StartFailure(`chdir to workingDir ("${workingDir}") failed: ${text}`, 126);
  }
}

const permissionDenied = 'permission denied';

function problemOf(file: string): { readonly text: string; readonly code: 126 | 127 } | undefined {
  try {
    if (statSync(file).isDirectory()) return { text: 'is a directory', code: 126 };
    accessSync(file, constants.X_OK);
    return undefined;
  } catch (error) {
    if (isMissing(error)) return { text: 'no such file or directory', code: 127 };
    return { text: hasCode(error, 'ENAMETOOLONG') ? 'file name too long' : permissionDenied, code: 126 };
  }
}
