import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { parseManifests } from '../../../src/cli/manifests/parse-manifests.ts';
import { kubeconfigOf, writeKubeconfig } from '../../../src/devcluster/kubeconfig.ts';
import { servedResources } from '../../../src/devcluster/store/resource-table.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { isAlreadyExists } from '../../../src/kube/errors.ts';
import { type Resource, tokenRequests } from '../../../src/kube/resources.ts';
import type { KubeObject } from '../../../src/kube/types.ts';
import type { SharedControlPlane } from './global-setup.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const account = { namespace: 'burstlet', name: 'burstlet' };

type RbacFile = 'manifests/deploy/rbac.yaml' | `docs/examples/node-${'identity' | 'bootstrap'}.yaml`;

/** Shipped RBAC, put into the cluster; its objects. */
export async function applyRbac(
  client: KubeClient,
  file: RbacFile = 'manifests/deploy/rbac.yaml',
): Promise<KubeObject[]> {
  const { manifests, problems } = parseManifests(await readFile(path.join(root, file), 'utf8'), file);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const objects = manifests.map(({ object }) => object as KubeObject);
  for (const object of objects) {
    await client.create(resourceOf(object), object).catch((error: unknown) => {
      if (!isAlreadyExists(error)) throw error;
    });
  }
  return objects;
}

/** Writes a kubeconfig of the shipped ServiceAccount, with the token that a Pod of it would have; its path. */
export async function accountKubeconfig(
  client: KubeClient,
  cluster: Pick<SharedControlPlane, 'url' | 'caPem' | 'folder'>,
): Promise<string> {
  const request = { metadata: account, spec: { audiences: [], expirationSeconds: 3600 } };
  const issued = await client.create(tokenRequests, request, { subresource: 'token', name: account.name });
  const token = issued.status?.token ?? '';
  const file = path.join(cluster.folder, 'account.kubeconfig');
  await writeKubeconfig(file, kubeconfigOf(cluster.url, cluster.caPem, { token }));
  return file;
}

function resourceOf({ apiVersion = '', kind = '' }: KubeObject): Resource<KubeObject> {
  const [version, group = ''] = apiVersion.split('/').reverse();
  const found = servedResources.find(
    (one) => one.group === group && one.version === version && one.kind === kind,
  );
  if (found === undefined) throw new Error(`no resource for ${kind} of ${apiVersion}`);
  return found;
}
