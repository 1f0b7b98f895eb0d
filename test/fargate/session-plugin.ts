import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const source = path.join(import.meta.dirname, 'plugin');
const cache = path.join(import.meta.dirname, '../../.cache/session-manager-plugin');
const buildTimeoutMs = 15 * 60_000;

/** The genuine session-manager-plugin of AWS, built once for each version of its source; or why there can be none. */
export async function sessionPlugin(): Promise<{ readonly program: string } | { readonly reason: string }> {
  const hash = createHash('sha256');
  for (const file of ['main.go', 'go.mod', 'go.sum']) hash.update(await readFile(path.join(source, file)));
  const program = path.join(cache, `session-manager-plugin-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(program)) return { program };
  try {
    await run('go', ['version']);
  } catch {
    return { reason: 'no Go to build session-manager-plugin with' };
  }
  await mkdir(cache, { recursive: true });
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off' };
  try {
    await run('go', ['mod', 'download'], { cwd: source, env, timeout: buildTimeoutMs });
  } catch (error) {
    return { reason: `the modules of session-manager-plugin cannot be had: ${lastLine(error)}` };
  }
  const unfinished = `${program}-${process.pid}`;
  await run('go', ['build', '-trimpath', '-o', unfinished, '.'], {
    cwd: source,
    env,
    timeout: buildTimeoutMs,
  });
  await rename(unfinished, program);
  return { program };
}

function lastLine(error: unknown): string {
  const text = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
  return text.trim().split('\n').at(-1) ?? '';
}
