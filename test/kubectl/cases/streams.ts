import type { Case, Step, Suite } from '../case.ts';

const needs = ['node', 'command:tar'];

/** A server on the address of its Pod. */
const server =
  'require("http").createServer((q, s) => s.end("served " + q.url)).listen(8080, process.env.POD_IP)';

/** Ends at once when told to, and says something now and then. */
const talker = 'trap "exit 0" TERM; while true; do echo tick; sleep 0.2; done';

const target = `apiVersion: v1
kind: Pod
metadata: {name: target}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: burstlet.dev/host:1
    command: ${JSON.stringify(['sh', '-c', talker])}
  - name: web
    image: burstlet.dev/host:1
    command: ${JSON.stringify([process.execPath, '-e', server])}
    ports: [{containerPort: 8080}]
`;

/** What is read from the pod and printed by kubectl alone: the content of a local file. */
function localFile(name: string, content: string): Step {
  return {
    run: `create configmap shown --from-file=${name} --dry-run=client -o jsonpath={.data.*}`,
    exactly: content,
  };
}

function cases(): readonly Case[] {
  return [
    {
      name: 'the exit code of exec is that of the command',
      needs,
      steps: [
        { run: 'apply -f -', stdin: target },
        { run: 'wait pod/target --for=condition=Ready --timeout=20s' },
        { run: 'exec target -c main -- true', exactly: '' },
        { run: `exec target -c main -- sh -c 'exit 3'`, exit: 3, err: ['exit code 3'] },
        { run: `exec target -c main -- sh -c 'kill -9 $$'`, exit: 137 },
        { run: 'exec target -c main -- no-such-command', exit: 127, err: ['no-such-command'] },
        { run: `exec target -c main -- sh -c 'echo out; echo err >&2'`, exactly: 'out', err: ['err'] },
        { run: 'exec target -c none -- true', exit: 1, err: ['container none is not valid for pod target'] },
        { run: 'exec nobody -- true', exit: 1, err: ['pods "nobody" not found'] },
      ],
    },
    {
      name: 'a pipe into exec ends with its input',
      needs,
      steps: [
        { run: 'exec -i target -c main -- cat', stdin: 'one\ntwo\n', exactly: 'one\ntwo' },
        { run: 'exec -i target -c main -- wc -c', stdin: 'x'.repeat(5_000_000), out: ['5000000'] },
      ],
    },
    {
      name: 'cp copies folders in and out',
      needs,
      steps: [
        {
          run: 'cp folder target:copied -c main',
          files: { 'folder/a': 'first', 'folder/deep/b': 'second' },
        },
        { run: 'exec target -c main -- cat copied/a copied/deep/b', exactly: 'firstsecond' },
        { run: 'cp target:copied back -c main' },
        localFile('back/a', 'first'),
        localFile('back/deep/b', 'second'),
      ],
    },
    {
      name: 'attach shows what comes, and takes input to the main process',
      needs,
      steps: [
        { run: 'attach target -c main', beside: 'afterOutput', out: ['tick\ntick'] },
        {
          run: 'run echoing --image=burstlet.dev/host:1 --restart=Never -i --rm --command -- cat',
          stdin: 'through\n',
          out: ['through'],
        },
      ],
    },
    {
      name: 'port-forward serves several connections',
      needs,
      steps: [
        {
          run: 'port-forward pod/target $PORT:8080',
          beside: 'afterOutput',
          out: [/Forwarding from 127\.0\.0\.1:\d+ -> 8080/],
        },
        { run: '--server http://127.0.0.1:$PORT get --raw /one', exactly: 'served /one', within: 5 },
        { run: '--server http://127.0.0.1:$PORT get --raw /two', exactly: 'served /two' },
      ],
    },
    {
      name: 'debug runs a shell beside the containers',
      needs,
      steps: [
        {
          run: 'debug target --image=burstlet.dev/host:1 -c shell --target=main -i -- sh',
          stdin: 'echo "got $((40 + 2))"; exit 4\n',
          out: ['got 42'],
        },
        {
          run: 'get pod target -o jsonpath={.status.ephemeralContainerStatuses[*].state.terminated.exitCode}',
          within: 10,
          exactly: '4',
        },
        { run: 'logs target -c shell', exactly: 'got 42' },
        { run: 'get pod target', out: [/^target +2\/2 +Running +0/m] },
        { run: 'exec target -c shell -- true', exit: 1, err: ['container not found ("shell")'] },
      ],
    },
    {
      name: 'what a debug container asks for in vain is said in its status',
      needs,
      steps: [
        { run: 'debug target --image=elsewhere:1 -c other --attach=false -- true' },
        {
          run: 'get pod target -o jsonpath={.status.ephemeralContainerStatuses[*].state.waiting.reason}',
          within: 10,
          exactly: 'ImageNotSupported',
        },
        { run: 'get pod target', out: [/^target +2\/2 +Running +0/m] },
        { run: 'delete pod target', out: ['deleted'] },
      ],
    },
  ];
}

/** The same with each transport; kubectl falls back to the other without a word, so both are set. */
function over(name: string, webSockets: boolean): Suite {
  const env = {
    KUBECTL_REMOTE_COMMAND_WEBSOCKETS: String(webSockets),
    KUBECTL_PORT_FORWARD_WEBSOCKETS: String(webSockets),
  };
  const withEnv = (one: Case): Case => ({ ...one, steps: one.steps.map((step) => ({ ...step, env })) });
  return { name, cases: cases().map(withEnv) };
}

export const streamsOverWebSockets = over('streams over websockets', true);
export const streamsOverSpdy = over('streams over spdy', false);

/** What needs no stream of its own. */
export const proxies: Suite = {
  name: 'proxies',
  cases: [
    {
      name: 'the API of a node',
      needs: ['node'],
      steps: [{ run: 'get --raw /api/v1/nodes/$NODE/proxy/healthz', exactly: 'ok' }],
    },
    {
      name: 'a port of a Pod',
      needs: ['node'],
      steps: [
        { run: 'apply -f -', stdin: target },
        { run: 'wait pod/target --for=condition=Ready --timeout=20s' },
        {
          run: 'get --raw /api/v1/namespaces/t-proxies/pods/target:8080/proxy/path?q=1',
          exactly: 'served /path?q=1',
          within: 5,
        },
        { run: 'delete pod target', out: ['deleted'] },
      ],
    },
    {
      name: 'a resize in place is refused with a reason',
      steps: [
        { run: 'run small --image=burstlet.dev/host:1 --command -- sleep 60' },
        {
          run: `patch pod small --subresource resize -p '{"spec":{"containers":[{"name":"small","resources":{"limits":{"cpu":"1"}}}]}}'`,
          exit: 1,
          err: [/resize/],
        },
        { run: 'delete pod small', out: ['deleted'] },
      ],
    },
  ],
};
