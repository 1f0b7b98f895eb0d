import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';

const startsWithinMs = 60_000;
const lookMs = 100;

export function isInstalled(program: string): boolean {
  const folders = (process.env.PATH ?? '').split(':').concat('/usr/sbin');
  return folders.some((folder) => existsSync(path.join(folder, program)));
}

/** Undefined when this machine can start one for tests. `packages`: of Debian. */
export function whyNotHere(program: string, packages: string): string | undefined {
  if (process.platform !== 'linux') return `${program} needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return `${program} needs root here`;
  if (!isInstalled(program)) return `${program} is not installed (Debian: apt-get install ${packages})`;
  return existsSync('/bin/busybox') ? undefined : 'there is no /bin/busybox (Debian: busybox-static)';
}

/** Rejects with the end of its log when the engine does not answer on its socket in time. */
export async function untilItAnswers(
  name: string,
  started: ChildProcess,
  socket: string,
  log: string,
): Promise<void> {
  const deadline = Date.now() + startsWithinMs;
  while (!(await answers(socket))) {
    if (started.exitCode !== null || Date.now() > deadline)
      throw new Error(`${name} did not start:\n${readFileSync(log, 'utf8').slice(-4000)}`);
    await new Promise((resolve) => setTimeout(resolve, lookMs));
  }
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const request = http.get({ socketPath, path: '/_ping' }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.on('error', () => resolve(false));
  });
}

/** What an engine that was killed has left mounted, innermost first. */
export function mountsUnder(folder: string): string[] {
  const places = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return places.filter((place) => place.startsWith(`${folder}/`)).reverse();
}
