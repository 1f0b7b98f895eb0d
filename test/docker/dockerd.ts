import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunningEngine } from './engine-kinds.ts';
import { mountsUnder, untilItAnswers, whyNotHere } from './own-engine.ts';

const lookMs = 100;

/** Undefined when this machine can start a dockerd for tests. */
export function whyNoDockerd(): string | undefined {
  return whyNotHere('dockerd', 'docker.io iptables busybox-static');
}

/** A dockerd of its own: own folders, own socket, own bridge. */
export class Dockerd implements RunningEngine {
  readonly host: string;
  /** Of this machine in the network of the containers. */
  readonly address: string;
  readonly #folder: string;
  readonly #bridge: string;
  readonly #flags: readonly string[];
  #process: ChildProcess | undefined;

  private constructor(folder: string, bridge: string, address: string, flags: readonly string[]) {
    this.#folder = folder;
    this.#flags = flags;
    this.#bridge = bridge;
    this.address = address;
    this.host = `unix://${path.join(folder, 'docker.sock')}`;
  }

  /** `flags`: more of them, for dockerd. */
  static async start(flags: readonly string[] = []): Promise<Dockerd> {
    const folder = await mkdtemp(path.join(tmpdir(), 'burstlet-dockerd-'));
    const address = `172.31.${100 + (process.pid % 100)}.1`;
    const bridge = `bl${process.pid}`.slice(0, 15);
    execFileSync('ip', ['link', 'add', bridge, 'type', 'bridge']);
    execFileSync('ip', ['addr', 'add', `${address}/24`, 'dev', bridge]);
    execFileSync('ip', ['link', 'set', bridge, 'up']);
    allowWithin(bridge);
    const dockerd = new Dockerd(folder, bridge, address, flags);
    try {
      await dockerd.resume();
    } catch (error) {
      await dockerd.end();
      throw error;
    }
    return dockerd;
  }

  /** Starts it (again) and waits until it answers. */
  async resume(): Promise<void> {
    const log = await open(path.join(this.#folder, 'dockerd.log'), 'a');
    const at = (name: string): string => path.join(this.#folder, name);
    this.#process = spawn(
      'dockerd',
      [
        `--data-root=${at('data')}`,
        `--exec-root=${at('exec')}`,
        `--pidfile=${at('docker.pid')}`,
        `--host=${this.host}`,
        `--bridge=${this.#bridge}`,
        ...this.#flags,
      ],
      { stdio: ['ignore', log.fd, log.fd], env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } },
    );
    await log.close();
    await untilItAnswers('dockerd', this.#process, at('docker.sock'), at('dockerd.log'));
  }

  /** Ends the daemon: SIGTERM ends its containers too, SIGKILL leaves them running. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const containerd = Number(
      readFileSync(path.join(this.#folder, 'exec/containerd/containerd.pid'), 'utf8'),
    );
    const exit = once(running, 'exit');
    running.kill(signal);
    await exit;
    // It ends with its dockerd, a moment later; a new dockerd would take it for one that it can go on using.
    while (existsSync(`/proc/${containerd}`)) await new Promise((resolve) => setTimeout(resolve, lookMs));
  }

  async end(): Promise<void> {
    // Only a running one can end what a killed one has left behind.
    if (this.#process === undefined) await this.resume().catch(() => {});
    await this.stop('SIGTERM');
    removeRules(this.#bridge);
    execFileSync('ip', ['link', 'del', this.#bridge]);
    for (const mount of mountsUnder(this.#folder)) execFileSync('umount', ['--lazy', mount]);
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/**
 * Lets containers on one bridge reach each other whatever else happens: from 28 on a dockerd that starts takes away what
 * another one of this machine has allowed its own. Without the comment it would take this for a rule of its own too.
 */
function allowWithin(bridge: string): void {
  const rule = `--in-interface ${bridge} --out-interface ${bridge} --match comment --comment ${bridge} --jump ACCEPT`;
  execFileSync('iptables', ['--wait', '--insert', 'FORWARD', ...rule.split(' ')]);
}

/** dockerd leaves its own behind. */
function removeRules(bridge: string): void {
  for (const table of ['filter', 'nat', 'raw']) {
    const rules = execFileSync('iptables', ['--wait', '--table', table, '--list-rules'], {
      encoding: 'utf8',
    });
    for (const [, ...rule] of rules.split('\n').map((line) => line.split(' ')))
      if (rule.includes(bridge)) execFileSync('iptables', ['--wait', '--table', table, '--delete', ...rule]);
  }
}
