import type { Suite } from '../case.ts';
import { deployment } from '../manifests.ts';

const statefulSet = `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: db, image: "burstlet.dev/host:1", command: [sleep, "3600"]}]
`;

export const workloads: Suite = {
  name: 'workloads',
  cases: [
    {
      name: 'rollout status, history, set image, undo',
      steps: [
        { run: 'create -f -', stdin: deployment('web', { replicas: 2 }) },
        { run: 'rollout status deploy/web --timeout=30s', out: ['deployment "web" successfully rolled out'] },
        { run: 'annotate deploy web kubernetes.io/change-cause=first' },
        { run: 'set image deploy/web web=burstlet.dev/host:2', exactly: 'deployment.apps/web image updated' },
        { run: 'annotate deploy web kubernetes.io/change-cause=second --overwrite' },
        { run: 'rollout status deploy/web --timeout=30s', out: ['successfully rolled out'] },
        { run: 'rollout history deploy/web', within: 5, out: [/^1 +first$/m, /^2 +second$/m] },
        { run: 'rollout history deploy/web --revision=1', out: ['burstlet.dev/host:1'] },
        { run: 'rollout undo deploy/web', exactly: 'deployment.apps/web rolled back' },
        { run: 'rollout status deploy/web --timeout=30s', out: ['successfully rolled out'] },
        {
          run: 'get deploy web -o jsonpath={.spec.template.spec.containers[0].image}',
          exactly: 'burstlet.dev/host:1',
        },
        {
          run: 'rollout undo deploy/web --to-revision=9',
          exit: 1,
          err: ['unable to find specified revision 9'],
        },
      ],
    },
    {
      name: 'rollout restart, pause, resume',
      steps: [
        { run: 'rollout restart deploy/web', exactly: 'deployment.apps/web restarted' },
        { run: 'rollout status deploy/web --timeout=30s', out: ['successfully rolled out'] },
        {
          run: 'get pods -l app=web -o jsonpath={.items[0].metadata.annotations}',
          within: 10,
          out: ['restartedAt'],
        },
        { run: 'rollout pause deploy/web', exactly: 'deployment.apps/web paused' },
        { run: 'set env deploy/web A=1', exactly: 'deployment.apps/web env updated' },
        {
          run: 'set resources deploy/web --limits=cpu=10m,memory=64Mi',
          exactly: 'deployment.apps/web resource requirements updated',
        },
        { run: 'rollout resume deploy/web', exactly: 'deployment.apps/web resumed' },
        { run: 'rollout status deploy/web --timeout=30s', out: ['successfully rolled out'] },
        { run: 'set env deploy/web --list', out: ['A=1'] },
      ],
    },
    {
      name: 'scale',
      steps: [
        { run: 'scale deploy web --replicas=3', exactly: 'deployment.apps/web scaled' },
        { run: 'rollout status deploy/web --timeout=30s', out: ['successfully rolled out'] },
        { run: 'get pods -l app=web --no-headers', out: [/^(web-\S+ +1\/1 +Running.*\n){3}$/], within: 10 },
        {
          run: 'scale deploy web --replicas=1 --current-replicas=2',
          exit: 1,
          err: ['Expected replicas to be 2, was 3'],
        },
        { run: 'scale deploy web --replicas=0', exactly: 'deployment.apps/web scaled' },
        { run: 'get pods -l app=web -o name', exactly: '', within: 10 },
      ],
    },
    {
      name: 'StatefulSet: order, names, revisions',
      steps: [
        { run: 'apply -f -', stdin: statefulSet, exactly: 'statefulset.apps/db created' },
        {
          run: 'rollout status sts/db --timeout=30s',
          out: [/statefulset rolling update complete|2 pods at revision|partitioned roll out complete/],
        },
        { run: 'get pods -l app=db -o name', exactly: 'pod/db-0\npod/db-1' },
        { run: 'get sts db', out: [/^db +2\/2/m] },
        { run: 'set image sts/db db=burstlet.dev/host:2', exactly: 'statefulset.apps/db image updated' },
        { run: 'rollout status sts/db --timeout=30s' },
        {
          run: 'get pods -l app=db -o jsonpath={.items[*].spec.containers[0].image}',
          exactly: 'burstlet.dev/host:2 burstlet.dev/host:2',
        },
        { run: 'rollout history sts/db', out: [/^1 /m, /^2 /m] },
        { run: 'get controllerrevisions', out: [/^db-\S+ +statefulset\.apps\/db +1/m] },
        { run: 'rollout undo sts/db', exactly: 'statefulset.apps/db rolled back' },
        { run: 'rollout status sts/db --timeout=30s' },
        { run: 'scale sts db --replicas=1', exactly: 'statefulset.apps/db scaled' },
        { run: 'wait pod/db-1 --for=delete --timeout=20s' },
        { run: 'get pods -l app=db -o name', exactly: 'pod/db-0', within: 5 },
      ],
    },
    {
      name: 'Job',
      steps: [
        { run: 'create job once --image=burstlet.dev/host:1 -- true' },
        {
          run: 'wait job/once --for=condition=Complete --timeout=20s',
          exactly: 'job.batch/once condition met',
        },
        { run: 'get pods -l job-name=once', out: [/^once-\S+ +0\/1 +Completed/m] },
        { run: 'get jobs', out: [/^once +Complete +1\/1 +\d+s/m] },
      ],
    },
    {
      name: 'debug adds an ephemeral container',
      steps: [
        { run: 'run target --image=burstlet.dev/host:1 --command -- sleep 3600' },
        { run: 'wait pod/target --for=condition=Ready --timeout=20s' },
        { run: 'debug pod/target --image=burstlet.dev/host:1 --attach=false -c probe -- true', exit: 0 },
        { run: 'get pod target -o jsonpath={.spec.ephemeralContainers[*].name}', exactly: 'probe' },
      ],
    },
  ],
};
