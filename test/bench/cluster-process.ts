/** A control plane in a process of its own, so that its time and memory are not the daemon's. Ends with its input. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createDevCluster } from '../../src/devcluster/dev-cluster.ts';

const [folder] = process.argv.slice(2);
if (folder === undefined)
  throw new Error('usage: cluster-process.ts <folder for kubeconfig and certificates>');
const cluster = await createDevCluster();
await cluster.start();
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
