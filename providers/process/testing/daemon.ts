/**
 * A daemon to be killed: `node daemon.ts <state folder> <node> <pod> <script>` starts one container, says so on stdout
 * and lives on until it is killed.
 */
import { Harness, shell } from './harness.ts';

const [stateDir = '', node = '', pod = '', script = ''] = process.argv.slice(2);
const harness = new Harness(stateDir, node);
const sandbox = await harness.sandbox(pod);
await harness.start(sandbox, shell('main', script));
console.log('started');
setInterval(() => {}, 60_000);
