import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export interface Stage {
  readonly kubeconfig: string;
  readonly node: string;
  close(): Promise<void>;
}

const root = path.resolve(import.meta.dirname, '../..');

export interface StageOptions {
  /** The provider of the node, and its options. */
  readonly provider: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** A real control plane from the programs in this folder; absent = the embedded one. */
  readonly assets?: string;
  /** The daemon from its sources, for providers whose SDK a program on its own does not find. */
  readonly fromSources?: boolean;
}

/**
 * A control plane and a daemon, each in a process of its own, the daemon as it is shipped. They and their folder go when
 * this process exits, however it comes to that.
 */
export async function openStage({
  provider,
  options,
  assets,
  fromSources = false,
}: StageOptions): Promise<Stage> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-bench-'));
  const kubeconfig = path.join(folder, 'kubeconfig');
  const children: ChildProcess[] = [];
  // Nothing but what is done at once is done here, so it cannot ask them to end: the mock loses nothing by it.
  process.once('exit', () => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });
  function started<T extends ChildProcess>(child: T): T {
    children.push(child);
    return child;
  }
  const program = path.join(folder, 'program');
  if (!fromSources)
    await finished(
      started(
        spawn(process.execPath, ['scripts/build.ts', '--standalone', '--out', program], {
          cwd: root,
          stdio: ['ignore', 'ignore', 'inherit'],
        }),
      ),
    );
  const cluster = started(
    spawn(process.execPath, ['test/bench/cluster-process.ts', folder, ...(assets ? [assets] : [])], {
      cwd: root,
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  await Promise.race([once(cluster.stdout, 'data'), failed(cluster)]);
  const node = 'bench-0';
  const config = path.join(folder, 'burstlet.yaml');
  await writeFile(config, configOf(kubeconfig, folder, { name: node, provider, options }));
  // By its first line, which has the flags that it is shipped with.
  const [command, ...script] = fromSources
    ? [process.execPath, 'src/cli/main.ts']
    : [path.join(program, 'cli.js')];
  const daemon = started(
    spawn(command, [...script, 'run', '--config', config], {
      cwd: root,
      stdio: ['ignore', 'inherit', 'inherit'],
    }),
  );
  daemon.once('exit', (code) => code && console.error(`the daemon ended with ${code}`));
  return {
    kubeconfig,
    node,
    async close() {
      daemon.kill('SIGTERM');
      await Promise.race([once(daemon, 'exit'), timeout(10_000)]);
      daemon.kill('SIGKILL');
      cluster.stdin.end();
      await Promise.race([once(cluster, 'exit'), timeout(10_000)]);
      cluster.kill('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function configOf(kubeconfig: string, folder: string, node: Record<string, unknown>): string {
  return JSON.stringify({
    apiVersion: 'burstlet.dev/v1alpha1',
    kind: 'Config',
    kubeconfig,
    stateDir: path.join(folder, 'state'),
    logLevel: 'warn',
    tls: {
      certFile: path.join(folder, 'node.crt'),
      keyFile: path.join(folder, 'node.key'),
      clientCaFile: path.join(folder, 'ca.crt'),
    },
    nodes: [
      {
        ...node,
        listen: '127.0.0.1:0',
        address: '127.0.0.1',
        taint: false,
      },
    ],
  });
}

async function finished(child: ChildProcess): Promise<void> {
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`${child.spawnargs.slice(1).join(' ')} ended with ${code}`);
}

async function failed(child: ChildProcess): Promise<never> {
  const [code] = await once(child, 'exit');
  throw new Error(`${child.spawnargs.slice(1).join(' ')} ended with ${code}`);
}

function timeout(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
