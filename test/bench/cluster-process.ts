/** A control plane in a process of its own, so that its time and memory are not the daemon's. Ends with its input. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startControlPlane } from '../../src/controlplane/control-plane.ts';
import { createDevCluster, type DevCluster } from '../../src/devcluster/dev-cluster.ts';

const [folder, assets] = process.argv.slice(2);
if (folder === undefined)
  throw new Error(
    'usage: cluster-process.ts <folder for kubeconfig and certificates> [<folder with Kubernetes programs>]',
  );
const cluster = assets === undefined ? await embedded() : await startControlPlane({ assets });
const { certPem, keyPem } = await cluster.issueServingCertificate({
  commonName: 'bench',
  ips: ['127.0.0.1'],
});
await writeFile(path.join(folder, 'node.crt'), certPem);
await writeFile(path.join(folder, 'node.key'), keyPem, { mode: 0o600 });
await writeFile(path.join(folder, 'ca.crt'), cluster.caPem);
await cluster.writeKubeconfig(path.join(folder, 'kubeconfig'));
console.log('ready');
process.stdin.resume();
process.stdin.once('end', () => void cluster.stop());

async function embedded(): Promise<DevCluster> {
  const made = await createDevCluster();
  await made.start();
  return made;
}
