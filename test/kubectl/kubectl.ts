import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface Result {
  /** Exit code; -1 after a signal. */
  readonly exit: number;
  readonly out: string;
  readonly err: string;
}

/** A command under way. */
export interface Running {
  /** Resolves at the first byte on stdout, or when the command ends. */
  readonly hasPrinted: Promise<void>;
  sofar(): Result;
  /** Ends the command, as Ctrl-C does. */
  end(): Promise<void>;
}

export interface Command {
  readonly run: string;
  readonly stdin?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

const timeoutMs = 60_000;

/** The unmodified kubectl, with a home and a cache of its own. */
export class Kubectl {
  readonly #folder: string;
  readonly #kubeconfig: string;
  readonly #namespace: string;
  readonly #node: string;
  readonly #port: number;

  private constructor(folder: string, kubeconfig: string, namespace: string, node: string, port: number) {
    this.#folder = folder;
    this.#kubeconfig = kubeconfig;
    this.#namespace = namespace;
    this.#node = node;
    this.#port = port;
  }

  /** The version of the kubectl in PATH; undefined when there is none. */
  static version(): string | undefined {
    const { status, stdout } = spawnSync('kubectl', ['version', '--client'], { encoding: 'utf8' });
    return status === 0 ? /Client Version: (\S+)/.exec(stdout)?.[1] : undefined;
  }

  static async create(kubeconfig: string): Promise<Kubectl> {
    const folder = await mkdtemp(path.join(tmpdir(), 'burstlet-kubectl-'));
    const port = await freePort();
    const nodes = await new Kubectl(folder, kubeconfig, 'default', '', port).run({
      run: 'get nodes -o jsonpath={.items[0].metadata.name}',
    });
    return new Kubectl(folder, kubeconfig, 'default', nodes.out, port);
  }

  /** The same, with another default namespace. */
  in(namespace: string): Kubectl {
    return new Kubectl(this.#folder, this.#kubeconfig, namespace, this.#node, this.#port);
  }

  async run(command: Command): Promise<Result> {
    return observe(await this.#spawn(command)).result;
  }

  async start(command: Command): Promise<Running> {
    const child = await this.#spawn(command);
    const { hasPrinted, sofar, result } = observe(child);
    return {
      hasPrinted,
      sofar,
      async end() {
        child.kill('SIGINT');
        await result;
      },
    };
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  async #spawn({ run, stdin, files = {}, env = {} }: Command): Promise<ChildProcess> {
    const work = path.join(this.#folder, 'work');
    await mkdir(work, { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      await mkdir(path.dirname(path.join(work, name)), { recursive: true });
      await writeFile(path.join(work, name), content);
    }
    const child = spawn(
      'kubectl',
      [
        ...['--namespace', this.#namespace],
        ...words(run.replaceAll('$NODE', this.#node).replaceAll('$PORT', String(this.#port))),
      ],
      {
        cwd: work,
        env: {
          PATH: process.env.PATH,
          HOME: this.#folder,
          KUBECONFIG: this.#kubeconfig,
          KUBECACHEDIR: path.join(this.#folder, 'cache'),
          TERM: 'dumb',
          ...env,
        },
        stdio: 'pipe',
      },
    );
    // A command that does not read its stdin may be gone before it is written.
    child.stdin.on('error', () => {});
    child.stdin.end(stdin ?? '');
    return child;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface Observed extends Pick<Running, 'hasPrinted' | 'sofar'> {
  readonly result: Promise<Result>;
}

function observe(child: ChildProcess): Observed {
  let out = '';
  let err = '';
  const printed = Promise.withResolvers<void>();
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    printed.resolve();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const timer = setTimeout(() => {
    err += `\n(ended by the test after ${timeoutMs / 1000} s)`;
    child.kill('SIGKILL');
  }, timeoutMs);
  const result = new Promise<Result>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      clearTimeout(timer);
      printed.resolve();
      resolve({ exit: code ?? -1, out, err });
    });
  });
  return { hasPrinted: printed.promise, sofar: () => ({ exit: child.exitCode ?? -1, out, err }), result };
}

/** Splits at blanks; single and double quotes group, nothing is expanded. */
export function words(line: string): string[] {
  const found = line.match(/(?:[^\s'"]|'[^']*'|"[^"]*")+/g) ?? [];
  return found.map((word) =>
    word.replaceAll(/'([^']*)'|"([^"]*)"/g, (_, single = '', double = '') => single + double),
  );
}
