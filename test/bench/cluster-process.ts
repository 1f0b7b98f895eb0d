/** A control plane in a process of its own, so that its time and memory are not the daemon's. Ends with its input. */
import { createDevCluster } from '../../src/devcluster/dev-cluster.ts';

const [kubeconfig] = process.argv.slice(2);
if (kubeconfig === undefined) throw new Error('usage: cluster-process.ts <kubeconfig to write>');
const cluster = await createDevCluster();
await cluster.start();
await cluster.writeKubeconfig(kubeconfig);
console.log('ready');
process.stdin.resume();
process.stdin.once('end', () => void cluster.stop());
