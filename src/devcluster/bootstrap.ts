import type { MemoryStore } from './store/memory-store.ts';

/** What a new cluster has before anyone uses it, beside what the controllers make. */
export function bootstrap(store: MemoryStore, port: number, caPem: string): void {
  for (const name of ['default', 'kube-system', 'kube-public', 'kube-node-lease']) {
    store.create('namespaces', { metadata: { name } });
  }
  // By this, nodes and extension API servers know the certificate with which this server comes to them.
  store.create('configmaps', {
    metadata: { name: 'extension-apiserver-authentication', namespace: 'kube-system' },
    data: { 'client-ca-file': caPem },
  });
  const classes = { 'system-cluster-critical': 2_000_000_000, 'system-node-critical': 2_000_001_000 };
  for (const [name, value] of Object.entries(classes)) {
    const description = 'Used for system critical pods.';
    store.create('priorityclasses.scheduling.k8s.io', { metadata: { name }, value, description });
  }
  const metadata = {
    name: 'kubernetes',
    namespace: 'default',
    labels: { component: 'apiserver', provider: 'kubernetes' },
  };
  // Nothing routes cluster addresses here. Loopback as the address makes the standard environment variables
  // (KUBERNETES_SERVICE_HOST and _PORT) true for whatever runs on this machine.
  const ports = [{ name: 'https', port, protocol: 'TCP', targetPort: port }];
  store.create('services', { metadata, spec: { clusterIP: '127.0.0.1', ports } });
  store.create('endpoints', {
    metadata,
    subsets: [{ addresses: [{ ip: '127.0.0.1' }], ports: [{ name: 'https', port, protocol: 'TCP' }] }],
  });
}
