import type { ChildProcess } from 'node:child_process';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunningEngine } from './engine-kinds.ts';
import { isInstalled, mountsUnder, untilItAnswers, whyNotHere } from './own-engine.ts';

/** Undefined when this machine can start a Podman for tests. */
export function whyNoPodman(): string | undefined {
  return whyNotHere('podman', 'podman runc busybox-static');
}

/** The service of a Podman of its own: own folders, own socket, own bridge. */
export class Podman implements RunningEngine {
  readonly host: string;
  readonly #folder: string;
  readonly #bridge: string;
  #service: ChildProcess | undefined;

  private constructor(folder: string, bridge: string) {
    this.#folder = folder;
    this.#bridge = bridge;
    this.host = `unix://${path.join(folder, 'podman.sock')}`;
  }

  static async start(): Promise<Podman> {
    const folder = await mkdtemp(path.join(tmpdir(), 'burstlet-podman-'));
    const bridge = `blp${process.pid}`.slice(0, 15);
    await configure(folder, bridge);
    const podman = new Podman(folder, bridge);
    try {
      await podman.resume();
    } catch (error) {
      await podman.end();
      throw error;
    }
    return podman;
  }

  /** Starts it (again) and waits until it answers. */
  async resume(): Promise<void> {
    const at = (name: string): string => path.join(this.#folder, name);
    await rm(at('podman.sock'), { force: true });
    const log = await open(at('podman.log'), 'a');
    this.#service = spawn('podman', [...this.#places(), 'system', 'service', '--time=0', this.host], {
      stdio: ['ignore', log.fd, log.fd],
      env: this.#environment(),
      cwd: this.#folder,
    });
    await log.close();
    await untilItAnswers('podman', this.#service, at('podman.sock'), at('podman.log'));
  }

  /** Ends the service; containers are processes of their own and run on. */
  async stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const running = this.#service;
    this.#service = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const exit = once(running, 'exit');
    running.kill(signal);
    await exit;
  }

  async end(): Promise<void> {
    await this.stop('SIGTERM');
    execFileSync('podman', [...this.#places(), 'rm', '--all', '--force', '--time=0'], {
      env: this.#environment(),
      stdio: 'ignore',
    });
    for (const pid of monitorsOf(this.#folder)) process.kill(pid, 'SIGKILL');
    if (existsSync(`/sys/class/net/${this.#bridge}`)) execFileSync('ip', ['link', 'del', this.#bridge]);
    for (const mount of mountsUnder(this.#folder)) execFileSync('umount', ['--lazy', mount]);
    await rm(this.#folder, { recursive: true, force: true });
  }

  #places(): string[] {
    const at = (name: string): string => path.join(this.#folder, name);
    return [
      `--root=${at('data')}`,
      `--runroot=${at('run')}`,
      `--tmpdir=${at('tmp')}`,
      '--storage-driver=overlay',
    ];
  }

  #environment(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      CONTAINERS_CONF: path.join(this.#folder, 'containers.conf'),
      CONTAINERS_REGISTRIES_CONF: path.join(this.#folder, 'registries.conf'),
    };
  }
}

/**
 * No systemd is asked for anything, and commands that have ended are not kept for long. dockerd takes registries of this
 * machine without TLS by itself.
 */
async function configure(folder: string, bridge: string): Promise<void> {
  const networks = path.join(folder, 'networks');
  const runtime = isInstalled('runc') ? 'runc' : 'crun';
  const subnet = `172.30.${100 + (process.pid % 100)}`;
  await writeFile(
    path.join(folder, 'containers.conf'),
    [
      ...['[containers]', 'cgroupns = "host"', 'default_ulimits = ["nofile=1024:1024", "nproc=16384:16384"]'],
      ...['[engine]', 'cgroup_manager = "cgroupfs"', 'events_logger = "file"', `runtime = "${runtime}"`],
      ...['exit_command_delay = 20'],
      ...['[network]', 'network_backend = "netavark"', `network_config_dir = "${networks}"`, ''],
    ].join('\n'),
  );
  await writeFile(
    path.join(folder, 'registries.conf'),
    '[[registry]]\nlocation = "127.0.0.1"\ninsecure = true\n',
  );
  await mkdir(networks);
  await writeFile(
    path.join(networks, 'podman.json'),
    JSON.stringify({
      name: 'podman',
      id: 'b'.repeat(64),
      driver: 'bridge',
      network_interface: bridge,
      created: '2026-01-01T00:00:00Z',
      subnets: [{ subnet: `${subnet}.0/24`, gateway: `${subnet}.1` }],
      ipv6_enabled: false,
      internal: false,
      dns_enabled: false,
      ipam_options: { driver: 'host-local' },
    }),
  );
}

/** Each container and each command has one, which stays a while and would write to the folder. */
function monitorsOf(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const [program = '', ...more] = readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
        return path.basename(program) === 'conmon' && more.some((word) => word.startsWith(`${folder}/`));
      } catch {
        return false;
      }
    });
}
