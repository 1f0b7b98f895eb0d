import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { sandboxImage } from '../../providers/docker/image/sandbox-image.ts';
import { type Program, startProgram } from './program.ts';

const run = promisify(execFile);
/** Where Debian's containernetworking-plugins puts them. */
const cniPlugins = '/usr/lib/cni';
const cniNeeded = ['bridge', 'host-local', 'loopback'];
const programs = ['containerd', 'containerd-shim-runc-v2', 'runc', 'ctr', 'ip', 'docker'];

/** Undefined when this machine can run a kubelet with a containerd of its own. */
export function whyNoContainerd(): string | undefined {
  if (process.platform !== 'linux') return `a kubelet needs Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'a kubelet needs root';
  const folders = (process.env.PATH ?? '').split(':').concat('/usr/sbin', '/sbin');
  const missing = programs.filter((one) => !folders.some((folder) => existsSync(path.join(folder, one))));
  if (missing.length > 0)
    return `${missing.join(', ')}: not installed (Debian: apt-get install docker.io iproute2)`;
  if (cniNeeded.some((plugin) => !existsSync(path.join(cniPlugins, plugin))))
    return `no CNI plugins in ${cniPlugins} (Debian: apt-get install containernetworking-plugins)`;
  const controllers = ['cpu', 'memory'].every((one) => existsSync(`/sys/fs/cgroup/${one}`));
  if (!controllers && !existsSync('/sys/fs/cgroup/cgroup.controllers')) return 'there are no cgroups';
  return undefined;
}

/** A containerd with the CRI plugin: own folders, own socket, own bridge and a network of Pods on it. */
export class Containerd {
  readonly folder: string;
  readonly socket: string;
  /** Of this machine in the network of the Pods. */
  readonly address: string;
  readonly #bridge: string;
  #process: Program | undefined;

  private constructor(folder: string, bridge: string, address: string) {
    this.folder = folder;
    this.#bridge = bridge;
    this.address = address;
    this.socket = path.join(folder, 'containerd.sock');
  }

  static async start(): Promise<Containerd> {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-containerd-'));
    const subnet = `172.30.${100 + (process.pid % 100)}`;
    const bridge = `bo${process.pid}`.slice(0, 15);
    const containerd = new Containerd(folder, bridge, `${subnet}.1`);
    try {
      execFileSync('ip', ['link', 'add', bridge, 'type', 'bridge']);
      execFileSync('ip', ['addr', 'add', `${subnet}.1/24`, 'dev', bridge]);
      execFileSync('ip', ['link', 'set', bridge, 'up']);
      await mkdir(path.join(folder, 'cni'));
      await writeFile(path.join(folder, 'cni/10-oracle.conflist'), networkOf(folder, bridge, subnet));
      await writeFile(path.join(folder, 'config.toml'), configOf(folder));
      containerd.#process = await startProgram(
        'containerd',
        ['--config', path.join(folder, 'config.toml')],
        folder,
      );
      await containerd.#process.until(() => run('ctr', ['-a', containerd.socket, 'version']));
    } catch (error) {
      await containerd.end();
      throw error;
    }
    return containerd;
  }

  /** Takes over images of a Docker engine, under the same names. */
  async copyImages(dockerHost: string, names: readonly string[]): Promise<void> {
    const archive = path.join(this.folder, 'images.tar');
    const env = { ...process.env, DOCKER_HOST: dockerHost };
    await run('docker', ['save', '--output', archive, ...names], { env });
    await run('ctr', ['-a', this.socket, '-n', 'k8s.io', 'images', 'import', archive]);
    await rm(archive);
  }

  /** Ends it with every container, and takes the network down. */
  async end(): Promise<void> {
    await this.#process?.stop('SIGTERM');
    // Shims outlive their containerd, and hold the containers.
    for (const pid of processesWith(this.socket)) killGroupOf(pid);
    for (const mount of mountsUnder(this.folder)) attempt('umount', ['--lazy', mount]);
    attempt('ip', ['link', 'del', this.#bridge]);
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function configOf(folder: string): string {
  const at = (name: string): string => JSON.stringify(path.join(folder, name));
  return `version = 2
root = ${at('root')}
state = ${at('state')}
[grpc]
  address = ${at('containerd.sock')}
[plugins."io.containerd.internal.v1.opt"]
  path = ${at('opt')}
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "${sandboxImage}"
  # A machine that is a guest itself may not lower the score.
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "${cniPlugins}"
    conf_dir = ${at('cni')}
`;
}

function networkOf(folder: string, bridge: string, subnet: string): string {
  const ipam = {
    type: 'host-local',
    dataDir: path.join(folder, 'leases'),
    ranges: [[{ subnet: `${subnet}.0/24`, gateway: `${subnet}.1` }]],
    routes: [{ dst: '0.0.0.0/0' }],
  };
  const plugin = { type: 'bridge', bridge, isGateway: true, ipMasq: false, ipam };
  return JSON.stringify({ cniVersion: '1.0.0', name: 'oracle', plugins: [plugin] });
}

/** Processes that name a file of ours in their command line. */
function processesWith(text: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => pid !== process.pid && read(`/proc/${pid}/cmdline`).includes(text));
}

/** A shim leads the containers of a Pod only as their reaper: these are ended with it, one by one. */
function killGroupOf(shim: number): void {
  const children = read(`/proc/${shim}/task/${shim}/children`).split(' ').filter(Boolean).map(Number);
  for (const pid of [shim, ...children]) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

/** Innermost first. */
function mountsUnder(folder: string): string[] {
  const places = read('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '');
  return places.filter((place) => place.startsWith(`${folder}/`)).reverse();
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

function attempt(program: string, args: readonly string[]): void {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
  } catch {
    // Nothing of it is there.
  }
}
