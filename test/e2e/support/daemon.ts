import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { samples } from '../../bench/figures.ts';

export interface DaemonOptions {
  /** Name of the node. */
  readonly node: string;
  readonly provider: 'mock' | 'process' | 'docker' | 'eci' | 'fargate';
  readonly options?: Readonly<Record<string, unknown>>;
  readonly kubeconfig: string;
  /** For its configuration and its state. */
  readonly folder: string;
  readonly taint?: boolean;
  /** Default true: binds Pods with `schedulerName: burstlet`. */
  readonly scheduler?: boolean;
  readonly capacity?: Readonly<Record<string, string | number>>;
  readonly flags?: readonly string[];
  /** Further keys of its configuration, or others in place of the usual ones. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** At which the API server and Pods reach the node; 127.0.0.1 when absent. */
  readonly address?: string;
  /** Reads a path of the node API as an administrator; `metric` needs it. */
  readonly raw?: (path: string) => Promise<string>;
}

/** `burstlet run` in a process of its own, with one node. */
export interface Daemon {
  readonly node: string;
  /** The sum of the samples of a metric whose labels match. */
  metric(name: string, labels?: RegExp): Promise<number>;
  /** Lines of the log that tell of an error, or of something that was forbidden. */
  complaints(): string[];
  log(): string;
  /** What the process provider keeps of each Pod that it has an instance of, with the Pod's UID in it. */
  sandboxes(): Promise<string[]>;
  signal(name: NodeJS.Signals): void;
  /** SIGTERM, and its exit code. */
  stop(): Promise<number>;
}

const main = path.resolve(import.meta.dirname, '../../../src/cli/main.ts');

export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { node, folder, raw } = options;
  const home = path.join(folder, node);
  await mkdir(home, { recursive: true });
  const config = path.join(home, 'burstlet.yaml');
  await writeFile(config, configOf(options, home), { mode: 0o600 });
  const child = spawn(process.execPath, [main, 'run', '--config', config, ...(options.flags ?? [])], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { PATH: process.env.PATH, HOME: home },
  });
  const exited = once(child, 'close');
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const metrics = async (): Promise<string> => {
    if (raw === undefined) throw new Error('this daemon was started without a way to read its metrics');
    return raw('/metrics');
  };
  const daemon: Daemon = {
    node,
    async metric(name, labels = /./) {
      return samples(await metrics(), name)
        .filter((sample) => labels.test(sample.labels || '{}'))
        .reduce((total, { value }) => total + value, 0);
    },
    complaints: () =>
      log.split('\n').filter((line) => line.includes('"level":50') || /forbidden|\(403 /i.test(line)),
    log: () => log,
    async sandboxes() {
      const parent = path.join(home, 'state', 'nodes', node, 'sandboxes');
      const names = await readdir(parent).catch(() => []);
      return Promise.all(
        names.map((name) => readFile(path.join(parent, name, 'sandbox.json'), 'utf8').catch(() => '')),
      );
    },
    signal: (name) => void child.kill(name),
    async stop() {
      if (child.exitCode === null) child.kill('SIGTERM');
      const [code] = await exited;
      return code;
    },
  };
  return daemon;
}

function configOf(options: DaemonOptions, home: string): string {
  const { node, provider, kubeconfig, taint = true, scheduler = true, capacity = {} } = options;
  const { address = '127.0.0.1' } = options;
  return JSON.stringify({
    apiVersion: 'burstlet.dev/v1alpha1',
    kind: 'Config',
    kubeconfig,
    stateDir: path.join(home, 'state'),
    logLevel: 'info',
    scheduler,
    nodes: [
      {
        ...{ name: node, provider, taint, capacity, options: options.options ?? {} },
        ...{ listen: `${address}:0`, address },
      },
    ],
    ...options.settings,
  });
}
