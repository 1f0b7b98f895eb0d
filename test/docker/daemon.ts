/** A daemon to be killed: `node daemon.ts <state folder> <node> <pod>...` starts a container in each, and lives on. */
import { forever, Harness, shell } from './harness.ts';

const [stateDir = '', node = '', ...pods] = process.argv.slice(2);
const harness = new Harness(node, {}, stateDir);
console.log('begun');
await Promise.all(
  pods.map(async (pod) => {
    const sandbox = await harness.sandbox(pod);
    await harness.start(sandbox, shell('main', forever));
  }),
);
setInterval(() => {}, 60_000);
