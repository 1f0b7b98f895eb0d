import type { Suite } from '../case.ts';
import { deployment } from '../manifests.ts';

const patched = 'deployment.apps/web patched';
const containers = "-o jsonpath='{range .spec.template.spec.containers[*]}{.name}={.image} {end}'";

export const patch: Suite = {
  name: 'patch and metadata',
  cases: [
    {
      name: 'strategic merge: lists by key, directives',
      steps: [
        { run: 'create -f -', stdin: deployment('web', { replicas: 0 }) },
        {
          run: `patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"s:1"}]}}}}'`,
          exactly: patched,
        },
        { run: `get deploy web ${containers}`, exactly: 'side=s:1 web=burstlet.dev/host:1 ' },
        {
          run: `patch deploy web -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","$patch":"delete"}]}}}}'`,
          exactly: patched,
        },
        { run: `get deploy web ${containers}`, exactly: 'web=burstlet.dev/host:1 ' },
        {
          run: `patch deploy web -p '{"spec":{"replicas":0}}'`,
          exactly: 'deployment.apps/web patched (no change)',
        },
      ],
    },
    {
      name: 'merge',
      steps: [
        {
          run: `patch deploy web --type=merge -p '{"metadata":{"labels":{"x":"1","app":null}}}'`,
          exactly: patched,
        },
        { run: 'get deploy web -o jsonpath={.metadata.labels}', exactly: '{"x":"1"}' },
        {
          run: `patch deploy web --type=merge -p '{"spec":{"template":{"spec":{"containers":[{"name":"only","image":"o:1"}]}}}}'`,
          exactly: patched,
        },
        { run: `get deploy web ${containers}`, exactly: 'only=o:1 ' },
      ],
    },
    {
      name: 'JSON patch',
      steps: [
        {
          run: `patch deploy web --type=json -p '[{"op":"test","path":"/spec/replicas","value":0},{"op":"replace","path":"/spec/template/spec/containers/0/image","value":"o:2"}]'`,
          exactly: patched,
        },
        { run: `get deploy web ${containers}`, exactly: 'only=o:2 ' },
        {
          run: `patch deploy web --type=json -p '[{"op":"remove","path":"/spec/nothing"}]'`,
          exit: 1,
          err: ['The request is invalid'],
        },
      ],
    },
    {
      name: 'subresources',
      steps: [
        {
          run: `patch deploy web --subresource=scale --type=merge -p '{"spec":{"replicas":1}}'`,
          out: ['patched'],
        },
        { run: 'get deploy web -o jsonpath={.spec.replicas}', exactly: '1' },
        {
          run: `patch node $NODE --subresource=status --type=merge -p '{"status":{"capacity":{"example.com/gpu":"2"}},"spec":{"unschedulable":true}}'`,
          out: [/^node.* patched$/m],
        },
        {
          run: 'get node $NODE -o jsonpath={.spec.unschedulable}{.status.capacity.example\\.com/gpu}',
          exactly: '2',
        },
        {
          run: 'get deploy web --subresource=scale -o jsonpath={.kind}={.spec.replicas}',
          exactly: 'Scale=1',
        },
      ],
    },
    {
      name: 'refused',
      steps: [
        {
          run: `patch deploy web -p '{"spec":{"replicas":-1}}'`,
          exit: 1,
          err: ['spec.replicas: Invalid value: -1'],
        },
        {
          run: `patch deploy web -p '{"spec":{"replicass":1}}' --warnings-as-errors`,
          exit: 1,
          err: ['unknown field "spec.replicass"'],
        },
        { run: `patch deploy nobody -p '{}'`, exit: 1, err: ['deployments.apps "nobody" not found'] },
        {
          run: `patch deploy web -p '{"metadata":{"resourceVersion":"1"},"spec":{"replicas":3}}'`,
          exit: 1,
          err: ['the object has been modified'],
        },
      ],
    },
    {
      name: 'label',
      steps: [
        { run: 'label deploy web color=red', exactly: 'deployment.apps/web labeled' },
        {
          run: 'label deploy web color=blue',
          exit: 1,
          err: ["'color' already has a value (red), and --overwrite is false"],
        },
        { run: 'label deploy web color=blue --overwrite', exactly: 'deployment.apps/web labeled' },
        { run: 'label deploy --all size=big -l color=blue', exit: 1, err: ['--all'] },
        { run: 'label deploy -l color=blue size=big', exactly: 'deployment.apps/web labeled' },
        { run: 'label deploy web color-', exactly: 'deployment.apps/web unlabeled' },
        { run: 'label deploy web --list', out: ['size=big'], notOut: ['color'] },
        { run: 'label deploy web "bad key=1"', exit: 1 },
      ],
    },
    {
      name: 'annotate',
      steps: [
        { run: "annotate deploy web note='hello world'", exactly: 'deployment.apps/web annotated' },
        { run: 'get deploy web -o jsonpath={.metadata.annotations.note}', exactly: 'hello world' },
        { run: 'annotate deploy web note-', exactly: 'deployment.apps/web annotated' },
      ],
    },
    {
      name: 'cordon, taint and node labels',
      steps: [
        { run: 'get nodes -o name', out: ['node/'] },
        { run: 'cordon $NODE', out: [/^node.* cordoned$/m] },
        { run: 'get node $NODE', out: ['Ready,SchedulingDisabled'] },
        { run: 'uncordon $NODE', out: [/^node.* uncordoned$/m] },
        { run: 'taint node $NODE burst=yes:NoSchedule', out: [/^node.* tainted$/m] },
        { run: 'get node $NODE -o jsonpath={.spec.taints[0].key}', exactly: 'burst' },
        { run: 'taint node $NODE burst-', out: [/^node.* untainted$/m] },
      ],
    },
  ],
};
