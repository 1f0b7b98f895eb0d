import { access, constants, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import type { CertificateRequest, IssuedCertificate } from '../devcluster/authority.ts';
import { kubeconfigOf, writeKubeconfig } from '../devcluster/kubeconfig.ts';
import { apiServer, controllerManager, etcd, scheduler } from './commands.ts';
import { type Component, type ComponentCommand, startComponent } from './component.ts';
import { clientCertificate, writeCredentials } from './credentials.ts';
import { startGuard } from './guard.ts';
import { createProbe } from './probe.ts';

export interface ControlPlaneOptions {
  /** Folder with the programs etcd, kube-apiserver, kube-controller-manager and kube-scheduler. */
  readonly assets: string;
  /** On loopback; 0, the default, takes a free one. */
  readonly port?: number;
  /** Further flags of kube-apiserver, or others in place of its own. */
  readonly apiServerFlags?: Readonly<Record<string, string>>;
  /** The same for kube-controller-manager. */
  readonly controllerManagerFlags?: Readonly<Record<string, string>>;
  /** Gives up the start. */
  readonly signal?: AbortSignal;
}

/** A real Kubernetes control plane on loopback, in a folder of its own, for as long as this process lives. */
export interface ControlPlane {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  /** For whatever is to be gone with it, even when this process is killed. */
  readonly folder: string;
  /** The authority behind every certificate here. */
  readonly caPem: string;
  /** An administrator's bearer token. */
  readonly token: string;
  /** Writes an administrator's kubeconfig, readable for the owner only. */
  writeKubeconfig(path: string): Promise<void>;
  /** For servers that the cluster is to trust, such as a node's kubelet API. */
  issueServingCertificate(request: CertificateRequest): Promise<IssuedCertificate>;
  /** Writes the kubeconfig of any user, known by a client certificate. */
  writeUserKubeconfig(path: string, user: string, group?: string): Promise<void>;
  /** Ends the API server by this signal and starts it again, on the same port. Resolves when it is ready. */
  restartApiServer(signal: NodeJS.Signals): Promise<void>;
  /** Resolves with what is to be said of it when one of the programs ends by itself. */
  readonly broken: Promise<string>;
  /** Ends everything and removes the folder. */
  stop(): Promise<void>;
}

const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

/** Those of the programs that are not in the folder, or cannot be run. */
export async function missingPrograms(assets: string): Promise<string[]> {
  const found = await Promise.all(
    programs.map((name) =>
      access(path.join(assets, name), constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return programs.filter((_, index) => !found[index]);
}

/** Starts the four programs and waits until they serve. Rejects, with nothing left behind, when they do not. */
export async function startControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const assets = path.resolve(options.assets);
  const missing = await missingPrograms(assets);
  if (missing.length > 0) throw new Error(`${assets} has no program ${missing.join(', ')}`);
  // Loaded when wanted: the certificate library is large.
  const { createAuthority } = await import('../devcluster/authority.ts');
  const authority = await createAuthority(() => Date.now());
  const folder = await mkdtemp(path.join(os.tmpdir(), 'burstlet-controlplane-'));
  const guard = startGuard(folder);
  const running = new Map<string, Component>();
  const broken = Promise.withResolvers<string>();
  let stopping = false;

  async function start(command: ComponentCommand): Promise<void> {
    const component = await startComponent(assets, command, folder);
    running.set(command.name, component);
    watch();
    void component.ended.then((how) => {
      if (running.get(command.name) === component && !stopping) broken.resolve(how);
    });
  }
  function watch(): void {
    guard.watch([...running.values()].map(({ pid }) => pid));
  }
  async function stop(): Promise<void> {
    stopping = true;
    // At once and hard: nothing of it is to be kept.
    await Promise.all([...running.values()].map((component) => component.kill('SIGKILL')));
    guard.close();
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }

  try {
    const port = options.port || (await freePort());
    const url = `https://127.0.0.1:${port}`;
    const { caPem } = authority;
    const token = await writeCredentials(folder, url, authority);
    const probe = createProbe({ url, caPem, token, broken: broken.promise });
    await start(etcd());
    await start(apiServer(port, options.apiServerFlags));
    await probe.until('/readyz', options.signal);
    await start(controllerManager(options.controllerManagerFlags));
    await start(scheduler());
    // The first is made by the API server, the second by kube-controller-manager; Pods need it.
    await probe.until('/api/v1/namespaces/kube-system', options.signal);
    await probe.until('/api/v1/namespaces/default/serviceaccounts/default', options.signal);
    return {
      ...{ url, folder, caPem, token, stop, broken: broken.promise },
      writeKubeconfig: (file) => writeKubeconfig(file, kubeconfigOf(url, caPem, { token })),
      issueServingCertificate: (request) => authority.issue(request),
      async writeUserKubeconfig(file, user, group) {
        const certificate = await clientCertificate(authority, user, group);
        await writeKubeconfig(file, kubeconfigOf(url, caPem, certificate));
      },
      async restartApiServer(signal) {
        const old = running.get('kube-apiserver');
        running.delete('kube-apiserver');
        await old?.kill(signal);
        await start(apiServer(port, options.apiServerFlags));
        await probe.until('/readyz');
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** On loopback. Nobody else has it at this moment; kube-apiserver cannot choose one itself. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
