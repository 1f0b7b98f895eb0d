import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type * as k8s from '@kubernetes/client-node';
import { type Component, startComponent } from '../../../src/controlplane/component.ts';
import { freePort } from '../../../src/controlplane/control-plane.ts';
import { type Resource, services } from '../../../src/kube/resources.ts';
import type { Wire } from '../../../src/kube/types.ts';
import { eventually } from '../../support/eventually.ts';
import type { World } from './world.ts';

const apiServices: Resource<Wire<k8s.V1APIService>> = {
  ...{ group: 'apiregistration.k8s.io', version: 'v1', kind: 'APIService', namespaced: false },
  plural: 'apiservices',
};

/** For kube-apiserver: how it proves to metrics-server in whose name it asks. In the folder of a control plane. */
export const aggregatorFlags = {
  'requestheader-client-ca-file': 'ca.crt',
  'requestheader-allowed-names': 'kube-apiserver-kubelet-client',
  'requestheader-username-headers': 'X-Remote-User',
  'requestheader-group-headers': 'X-Remote-Group',
  'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
  'proxy-client-cert-file': 'kubelet-client.crt',
  'proxy-client-key-file': 'kubelet-client.key',
};

/** Starts metrics-server beside a control plane; resolves when that serves metrics.k8s.io by it. It verifies nodes. */
export async function startMetricsServer(
  binaries: string,
  { client, cluster: { folder, kubeconfig, caPem } }: World,
): Promise<Component> {
  const port = await freePort();
  const ca = path.join(folder, 'ca.pem');
  await writeFile(ca, caPem);
  const flags = {
    ...{ kubeconfig, 'authentication-kubeconfig': kubeconfig, 'authorization-kubeconfig': kubeconfig },
    ...{ 'bind-address': '127.0.0.1', 'secure-port': port, 'cert-dir': path.join(folder, 'metrics-server') },
    'kubelet-preferred-address-types': 'InternalIP',
    'kubelet-use-node-status-port': true,
    'kubelet-certificate-authority': ca,
    ...{ 'metric-resolution': '10s', 'kubelet-request-timeout': '9s' },
  };
  const args = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
  const component = await startComponent(binaries, { name: 'metrics-server', args }, folder);
  const metadata = { namespace: 'kube-system', name: 'metrics-server' };
  // Nothing routes Services here; this kind is looked up by its name.
  const spec = { type: 'ExternalName', externalName: 'localhost', ports: [{ port }] };
  await client.create(services, { metadata, spec });
  await client.create(apiServices, {
    metadata: { name: 'v1beta1.metrics.k8s.io' },
    spec: {
      ...{ group: 'metrics.k8s.io', version: 'v1beta1', groupPriorityMinimum: 100, versionPriority: 100 },
      service: { ...metadata, port },
      // Its own certificate is self-signed; that of the nodes is what this is about.
      insecureSkipTLSVerify: true,
    },
  });
  const name = 'v1beta1.metrics.k8s.io';
  const available = eventually(async () => {
    const { status } = await client.get(apiServices, { name });
    return status?.conditions?.some((one) => one.type === 'Available' && one.status === 'True');
  }, 60);
  const ended = component.ended.then((how) => Promise.reject(new Error(how)));
  // It ends with the test, and nobody waits then.
  ended.catch(() => undefined);
  await Promise.race([available, ended]);
  return component;
}
