import type { Suite } from '../case.ts';
import { configMap, deployment, pod } from '../manifests.ts';

export const deletion: Suite = {
  name: 'delete and wait',
  cases: [
    {
      name: 'by name, by label, by file, all',
      steps: [
        { run: 'create -f -', stdin: ['a', 'b', 'c', 'd'].map((name) => configMap(name, {})).join('---\n') },
        { run: 'delete cm a', exactly: 'configmap "a" deleted' },
        { run: 'delete cm a', exit: 1, err: ['Error from server (NotFound): configmaps "a" not found'] },
        { run: 'delete cm a --ignore-not-found', exactly: '' },
        { run: 'label cm b del=yes' },
        { run: 'delete cm -l del=yes', exactly: 'configmap "b" deleted' },
        { run: 'delete -f -', stdin: configMap('c', {}), exactly: 'configmap "c" deleted' },
        { run: 'delete cm d --dry-run=server', exactly: 'configmap "d" deleted (server dry run)' },
        { run: 'delete cm --all', out: ['configmap "d" deleted'] },
      ],
    },
    {
      name: 'a Pod gracefully, at once, by force',
      steps: [
        { run: 'create -f -', stdin: ['grace', 'now', 'force'].map((name) => pod(name)).join('---\n') },
        { run: 'wait pod --all --for=condition=Ready --timeout=20s', out: ['pod/grace condition met'] },
        { run: 'delete pod grace', exactly: 'pod "grace" deleted' },
        { run: 'get pod grace', exit: 1 },
        { run: 'delete pod now --now', exactly: 'pod "now" deleted' },
        {
          run: 'delete pod force --grace-period=0 --force',
          exactly: 'pod "force" force deleted',
          err: ['Warning: Immediate deletion does not wait'],
        },
      ],
    },
    {
      name: 'finalizers hold an object back',
      steps: [
        {
          run: 'create -f -',
          stdin: configMap('held', {}).replace(
            'metadata:\n',
            'metadata:\n  finalizers: [example.com/hold]\n',
          ),
        },
        { run: 'delete cm held --wait=false', exactly: 'configmap "held" deleted' },
        { run: 'get cm held -o jsonpath={.metadata.deletionTimestamp}', out: [/^\d{4}-/] },
        {
          run: `patch cm held --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'`,
          exactly: 'configmap/held patched',
        },
        { run: 'get cm held', exit: 1 },
      ],
    },
    {
      name: 'cascades: background, foreground, orphan',
      steps: [
        {
          run: 'create -f -',
          stdin: ['back', 'fore', 'orphan'].map((name) => deployment(name)).join('---\n'),
        },
        {
          run: 'wait deploy --all --for=condition=Available --timeout=30s',
          out: ['deployment.apps/orphan condition met'],
        },
        { run: 'delete deploy back', exactly: 'deployment.apps "back" deleted' },
        { run: 'get rs,pods -l app=back -o name', exactly: '', within: 10 },
        { run: 'delete deploy fore --cascade=foreground', exactly: 'deployment.apps "fore" deleted' },
        { run: 'get rs,pods -l app=fore -o name', exactly: '' },
        { run: 'delete deploy orphan --cascade=orphan', exactly: 'deployment.apps "orphan" deleted' },
        { run: 'get rs -l app=orphan -o jsonpath={.items[*].metadata.ownerReferences}', exactly: '' },
        { run: 'get rs,pods -l app=orphan -o name', out: [/^replicaset/, /^pod/m] },
        { run: 'delete rs -l app=orphan', out: ['deleted'] },
        { run: 'get pods -l app=orphan -o name', exactly: '', within: 10 },
      ],
    },
    {
      name: 'wait',
      steps: [
        {
          run: 'wait pod/late --for=create --timeout=20s',
          beside: 'atOnce',
          out: ['pod/late condition met'],
        },
        { run: 'create -f -', stdin: pod('late') },
        {
          run: 'wait pod/late --for=jsonpath={.status.phase}=Running --timeout=20s',
          exactly: 'pod/late condition met',
        },
        {
          run: 'wait pod/late --for=condition=Ready=false --timeout=1s',
          exit: 1,
          err: ['error: timed out waiting for the condition on pods/late'],
        },
        {
          run: 'wait pod/nobody --for=condition=Ready --timeout=1s',
          exit: 1,
          err: ['pods "nobody" not found'],
        },
        { run: 'wait pod/late --for=delete --timeout=20s', beside: 'atOnce' },
        { run: 'delete pod late --wait=false', exactly: 'pod "late" deleted' },
        { run: 'wait pod/late --for=delete --timeout=20s' },
      ],
    },
    {
      name: 'a namespace with everything in it',
      steps: [
        { run: 'create ns t-gone', exactly: 'namespace/t-gone created' },
        {
          run: `patch -n t-gone serviceaccount default -p '{"automountServiceAccountToken":false}'`,
          within: 5,
        },
        { run: 'create -n t-gone -f -', stdin: `${deployment('web')}---\n${configMap('c', {})}` },
        { run: 'wait -n t-gone deploy/web --for=condition=Available --timeout=20s' },
        { run: 'delete ns t-gone', exactly: 'namespace "t-gone" deleted' },
        { run: 'get ns t-gone', exit: 1 },
        { run: 'get pods,deploy,cm -n t-gone -o name', exactly: '' },
      ],
    },
  ],
};
