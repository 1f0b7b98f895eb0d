import type { ComponentCommand } from './component.ts';

/** Files in the folder of a control plane: those that its programs are told of. */
export const files = {
  caCert: 'ca.crt',
  caKey: 'ca.key',
  servingCert: 'apiserver.crt',
  servingKey: 'apiserver.key',
  kubeletClientCert: 'kubelet-client.crt',
  kubeletClientKey: 'kubelet-client.key',
  serviceAccountKey: 'service-account.key',
  serviceAccountPublicKey: 'service-account.pub',
  tokens: 'tokens.csv',
  controllerManager: 'controller-manager.kubeconfig',
  scheduler: 'scheduler.kubeconfig',
} as const;

/** The address of every Service is one of these; nothing routes them here. */
const serviceRange = '10.96.0.0/16';

/**
 * All programs work in one folder that only its owner can enter: paths are relative, and etcd listens on sockets in
 * it, so the API server's is the only port.
 */
export function etcd(): ComponentCommand {
  const peer = 'unix://peer.sock';
  const client = 'unix://etcd.sock';
  return command('etcd', {
    name: 'only',
    'data-dir': 'etcd',
    'listen-client-urls': client,
    'advertise-client-urls': client,
    'listen-peer-urls': peer,
    'initial-advertise-peer-urls': peer,
    'initial-cluster': `only=${peer}`,
    // Nothing here is worth a disk's time: it ends with the process that started it.
    'unsafe-no-fsync': 'true',
    'log-level': 'warn',
  });
}

export function apiServer(port: number, more: Readonly<Record<string, string>> = {}): ComponentCommand {
  return command('kube-apiserver', {
    'bind-address': '127.0.0.1',
    'secure-port': String(port),
    'advertise-address': '127.0.0.1',
    // A loopback address is no endpoint of a Service.
    'endpoint-reconciler-type': 'none',
    'etcd-servers': 'unix://etcd.sock',
    'service-cluster-ip-range': serviceRange,
    'tls-cert-file': files.servingCert,
    'tls-private-key-file': files.servingKey,
    'client-ca-file': files.caCert,
    'token-auth-file': files.tokens,
    'authorization-mode': 'Node,RBAC',
    'enable-admission-plugins': 'NodeRestriction',
    'allow-privileged': 'true',
    'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
    'service-account-key-file': files.serviceAccountPublicKey,
    'service-account-signing-key-file': files.serviceAccountKey,
    'kubelet-client-certificate': files.kubeletClientCert,
    'kubelet-client-key': files.kubeletClientKey,
    'kubelet-preferred-address-types': 'InternalIP',
    profiling: 'false',
    ...more,
  });
}

export function controllerManager(more: Readonly<Record<string, string>> = {}): ComponentCommand {
  return command('kube-controller-manager', {
    kubeconfig: files.controllerManager,
    'secure-port': '0',
    'leader-elect': 'false',
    'use-service-account-credentials': 'true',
    'service-account-private-key-file': files.serviceAccountKey,
    'root-ca-file': files.caCert,
    'cluster-signing-cert-file': files.caCert,
    'cluster-signing-key-file': files.caKey,
    ...more,
  });
}

export function scheduler(): ComponentCommand {
  return command('kube-scheduler', {
    kubeconfig: files.scheduler,
    'secure-port': '0',
    'leader-elect': 'false',
  });
}

function command(name: string, flags: Readonly<Record<string, string>>): ComponentCommand {
  return { name, args: Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`) };
}
