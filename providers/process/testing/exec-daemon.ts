/**
 * A daemon to be killed: `node exec-daemon.ts <state folder> <node> <pod> <container id> <script>` runs a script in a
 * container, with an open input, and passes its output on.
 */
import { Harness, never } from './harness.ts';
import { openInput } from './streams.ts';

const [stateDir = '', node = '', pod = '', container = '', script = ''] = process.argv.slice(2);
const harness = new Harness(stateDir, node);
const sandbox = await harness.sandbox(pod);
const request = { command: ['sh', '-c', script], tty: false };
const streams = { stdin: openInput('some'), stdout: process.stdout };
await harness.runtime.exec(sandbox.id, container, request, streams, never);
