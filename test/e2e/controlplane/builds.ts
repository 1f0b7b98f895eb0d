/** What is built from which Go module. Pure. */

export const defaultVersion = 'v1.36.3';

/** The etcd that upstream tests these releases with is older in places; one that is current serves them all. */
const etcdVersion = 'v3.7.3';

/** Of its own rhythm; this one serves every release that is tested here. */
const metricsServerVersion = 'v0.9.0';

export interface Build {
  /** File name of the program. */
  readonly program: string;
  readonly module: 'kubernetes' | 'etcd' | 'metrics-server';
  readonly package: string;
  /** A program made of tests (`go test -c`). */
  readonly tests?: boolean;
}

const cmd = (program: string): Build => ({
  program,
  module: 'kubernetes',
  package: `k8s.io/kubernetes/cmd/${program}`,
});

export const controlPlane: readonly Build[] = [
  { program: 'etcd', module: 'etcd', package: 'go.etcd.io/etcd/server/v3' },
  cmd('kube-apiserver'),
  cmd('kube-controller-manager'),
  cmd('kube-scheduler'),
];

/** For `kubectl top` and for autoscaling by usage; no part of Kubernetes itself. */
export const metricsServer: Build = {
  program: 'metrics-server',
  module: 'metrics-server',
  package: 'sigs.k8s.io/metrics-server/cmd/metrics-server',
};

/** Built when asked for by name. */
export const extras: readonly Build[] = [
  metricsServer,
  cmd('kubelet'),
  { program: 'e2e.test', module: 'kubernetes', package: 'k8s.io/kubernetes/test/e2e', tests: true },
  { program: 'ginkgo', module: 'kubernetes', package: 'github.com/onsi/ginkgo/v2/ginkgo' },
  { program: 'agnhost', module: 'kubernetes', package: 'k8s.io/kubernetes/test/images/agnhost' },
];

/** A version as in `v1.36.3`, with or without the v. Throws for anything else. */
export function parseVersion(text: string): string {
  const match = /^v?(1\.\d+\.\d+)$/.exec(text);
  if (match === null) throw new Error(`--kubernetes-version ${text}: it must look like ${defaultVersion}`);
  return `v${match[1]}`;
}

/**
 * The go.mod to build a release of Kubernetes from outside its repository. Its own go.mod replaces the modules of
 * staging/ by folders, which only hold inside; published, they have the same minor and patch under v0.
 */
export function kubernetesModule(version: string, upstream: string): string {
  const staging = [...upstream.matchAll(/^\s*(\S+) => \.\/staging\/src\//gm)].map((match) => match[1]);
  const published = version.replace(/^v1\./, 'v0.');
  const go = /^go .*$/m.exec(upstream)?.[0] ?? '';
  return [
    'module burstlet.dev/controlplane',
    go,
    `require k8s.io/kubernetes ${version}`,
    ...staging.map((path) => `replace ${path} => ${path} ${published}`),
    '',
  ].join('\n\n');
}

export function etcdModule(): string {
  return `module burstlet.dev/etcd\n\ngo 1.24\n\nrequire go.etcd.io/etcd/server/v3 ${etcdVersion}\n`;
}

export function metricsServerModule(): string {
  return `module burstlet.dev/metrics-server\n\ngo 1.26.4\n\nrequire sigs.k8s.io/metrics-server ${metricsServerVersion}\n`;
}

/** Names the release in the programs, as hack/lib/version.sh does; without symbols they are a third smaller. */
export function linkerFlags(version: string): string {
  const [, minor = ''] = version.split('.');
  const values = { gitVersion: version, gitMajor: '1', gitMinor: minor, gitTreeState: 'clean' };
  const packages = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const sets = packages.flatMap((path) =>
    Object.entries(values).map(([name, value]) => `-X ${path}.${name}=${value}`),
  );
  return ['-s', '-w', ...sets].join(' ');
}
