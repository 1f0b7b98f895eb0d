import type { Suite } from '../case.ts';
import { pod } from '../manifests.ts';

const talker = pod('talker').replace(
  'command: [sleep, "3600"]',
  'command: [sh, -c, "echo one; echo two; while true; do echo tick; sleep 1; done"]',
);
const crasher = pod('crasher').replace(
  'command: [sleep, "3600"]',
  'command: [sh, -c, "echo before the end; exit 3"]',
);
const pair = `${pod('pair').replace('command: [sleep, "3600"]', 'command: [sh, -c, "echo from main; sleep 3600"]')}  - name: side
    image: burstlet.dev/host:1
    command: [sh, -c, "echo from side; sleep 3600"]
`;

export const pods: Suite = {
  name: 'pods at work',
  cases: [
    {
      name: 'logs',
      needs: ['node'],
      steps: [
        { run: 'apply -f -', stdin: [talker, crasher, pair].join('---\n') },
        { run: 'wait pod/talker pod/pair --for=condition=Ready --timeout=30s' },
        { run: 'logs talker', within: 5, out: [/^one\ntwo\ntick/] },
        { run: 'logs talker --tail=1', exactly: 'tick' },
        { run: 'logs talker --since=1h --timestamps', out: [/^\d{4}-\d\d-\d\dT\S+Z one$/m] },
        { run: 'logs talker --limit-bytes=3', exactly: 'one' },
        { run: 'logs talker -f --tail=1', beside: 'afterOutput', out: [/tick\ntick/] },
        { run: 'logs pair', exactly: 'from main', err: ['Defaulted container "main" out of: main, side'] },
        { run: 'logs pair -c side', exactly: 'from side' },
        {
          run: 'logs pair --all-containers --prefix',
          out: ['[pod/pair/main] from main', '[pod/pair/side] from side'],
        },
        { run: 'logs -l app=pair -c side', exactly: 'from side' },
        { run: 'logs crasher -p', within: 30, out: ['before the end'] },
        { run: 'logs pair -c nobody', exit: 1, err: ['container nobody is not valid for pod pair'] },
        { run: 'get pod crasher', within: 30, out: [/CrashLoopBackOff|Error/] },
      ],
    },
    {
      name: 'logs of a Pod that no node runs',
      steps: [
        { run: 'create -f -', stdin: pod('pending', '  nodeSelector: {kubernetes.io/hostname: nowhere}\n') },
        { run: 'logs nobody', exit: 1, err: ['pods "nobody" not found'] },
        // Upstream answers with nothing, too.
        { run: 'logs pending', exactly: '' },
      ],
    },
    {
      name: 'what is not there says so',
      steps: [
        { run: 'create -f -', stdin: pod('quiet') },
        { run: 'wait pod/quiet --for=condition=Ready --timeout=30s' },
        { run: 'top nodes', exit: 1, err: ['error: Metrics API not available'] },
      ],
    },
    {
      name: 'drain evicts',
      steps: [
        { run: 'get pod quiet -o jsonpath={.spec.nodeName}', out: [/./] },
        {
          run: 'drain $NODE --force --ignore-daemonsets --delete-emptydir-data --pod-selector=app=quiet --timeout=30s',
          out: [/^node.* drained$/m],
        },
        { run: 'get pod quiet', exit: 1 },
        { run: 'uncordon $NODE' },
      ],
    },
  ],
};
