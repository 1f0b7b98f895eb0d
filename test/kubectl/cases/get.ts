import type { Suite } from '../case.ts';
import { configMap, deployment, pod } from '../manifests.ts';

const waiting = pod('waiting', '  nodeSelector: {kubernetes.io/hostname: nowhere}\n');

export const get: Suite = {
  name: 'get',
  cases: [
    {
      name: 'nothing',
      steps: [
        { run: 'get pods', exactly: '', err: ['No resources found in t-get namespace.'] },
        { run: 'get pod nobody', exit: 1, err: ['Error from server (NotFound): pods "nobody" not found'] },
        { run: 'get pod nobody --ignore-not-found', exactly: '' },
        { run: 'get pods -o name', exactly: '' },
      ],
    },
    {
      name: 'a table of Pods, narrow and wide',
      steps: [
        {
          run: 'create -f -',
          stdin: `${pod('web')}---\n${waiting}`,
          exactly: 'pod/web created\npod/waiting created',
        },
        { run: 'wait pod/web --for=condition=Ready --timeout=20s', exactly: 'pod/web condition met' },
        {
          run: 'get pods',
          out: [
            /^NAME +READY +STATUS +RESTARTS +AGE$/m,
            /^web +1\/1 +Running +0 +\d+s$/m,
            /^waiting +0\/1 +Pending +0 +\d+s$/m,
          ],
        },
        {
          run: 'get pods -o wide',
          out: [
            /RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES/,
            /^waiting .*<none> +<none> +<none> +<none>$/m,
          ],
        },
        { run: 'get pods --no-headers web', out: [/^web +1\/1/], notOut: ['NAME'] },
        { run: 'get pods --show-labels', out: ['LABELS', /web .* app=web$/m] },
        { run: 'get pods -L app', out: [/ APP$/m, /web .* web$/m] },
        { run: 'get pods -A', out: [/^NAMESPACE +NAME/, /^t-get +web/m] },
      ],
    },
    {
      name: 'output formats',
      steps: [
        {
          run: 'get pod web -o yaml',
          out: [/^apiVersion: v1$/m, /^kind: Pod$/m, / name: web$/m, /phase: Running/],
          notOut: ['managedFields'],
        },
        { run: 'get pod web -o json', out: ['"kind": "Pod"', '"uid":'] },
        { run: 'get pods -o json', out: ['"kind": "List"'] },
        { run: 'get pod web -o name', exactly: 'pod/web' },
        { run: 'get pod web -o jsonpath={.spec.containers[0].image}', exactly: 'burstlet.dev/host:1' },
        {
          run: `get pods -o jsonpath='{range .items[*]}{.metadata.name}{"\\n"}{end}'`,
          exactly: 'waiting\nweb',
        },
        { run: "get pods -o go-template='{{len .items}}'", exactly: '2' },
        {
          run: 'get pods -o custom-columns=NAME:.metadata.name,PHASE:.status.phase --sort-by=.status.phase',
          out: [/^NAME +PHASE\nwaiting +Pending\nweb +Running$/m],
        },
        {
          run: 'get pod web -o yaml --show-managed-fields',
          out: ['managedFields:', 'f:containers:', 'manager: kubectl-create'],
        },
      ],
    },
    {
      name: 'selectors',
      steps: [
        { run: 'get pods -l app=web -o name', exactly: 'pod/web' },
        { run: "get pods -l 'app in (waiting,other)' -o name", exactly: 'pod/waiting' },
        { run: "get pods -l '!app' -o name", exactly: '' },
        { run: 'get pods --field-selector status.phase=Running -o name', exactly: 'pod/web' },
        {
          run: 'get pods --field-selector spec.nodeName=,metadata.name!=web -o name',
          exactly: 'pod/waiting',
        },
        { run: 'get pods --field-selector nothing.at=all', exit: 1, err: ['field label not supported'] },
        { run: "get pods -l 'a=(b'", exit: 1, err: [/unable to parse|parse/] },
        { run: 'get pods --chunk-size=1 -o name', exactly: 'pod/waiting\npod/web' },
      ],
    },
    {
      name: 'several kinds, and all',
      steps: [
        { run: 'apply -f -', stdin: `${deployment('shop')}---\n${configMap('settings', { a: '1' })}` },
        { run: 'expose deployment shop --port=80 --target-port=8080', exactly: 'service/shop exposed' },
        { run: 'rollout status deployment/shop --timeout=20s', out: ['successfully rolled out'] },
        {
          run: 'get all',
          out: [
            /^pod\/web /m,
            /^service\/shop +ClusterIP +10\.\S+ +<none> +80\/TCP/m,
            /^deployment\.apps\/shop +1\/1 +1 +1/m,
            /^replicaset\.apps\/shop-\S+ +1 +1 +1/m,
          ],
        },
        { run: 'get deploy,svc -o name', exactly: 'deployment.apps/shop\nservice/shop' },
        { run: 'get deploy/shop cm/settings -o name', exactly: 'deployment.apps/shop\nconfigmap/settings' },
        { run: 'get cm settings', out: [/^settings +1 /m] },
        {
          run: 'get deploy shop -o wide',
          out: [/CONTAINERS +IMAGES +SELECTOR/, /web +burstlet\.dev\/host:1 +app=shop$/m],
        },
        { run: 'get endpoints shop', out: [/^shop +[\d.]+:8080/m] },
        { run: 'get endpointslices -l kubernetes.io/service-name=shop', out: ['IPv4', '8080'] },
        { run: 'get -f - -o name', stdin: configMap('settings', {}), exactly: 'configmap/settings' },
      ],
    },
    {
      name: 'nodes, namespaces and what every cluster has',
      steps: [
        { run: 'get nodes', out: [/^NAME +STATUS +ROLES +AGE +VERSION$/m, / Ready /] },
        { run: 'get nodes -o wide', out: ['INTERNAL-IP', 'CONTAINER-RUNTIME'] },
        { run: 'get ns', out: [/^default +Active/m, /^kube-system +Active/m] },
        { run: 'get sa', out: [/^default +0/m] },
        { run: 'get cm kube-root-ca.crt -o jsonpath={.data}', out: ['BEGIN CERTIFICATE'] },
        { run: 'get svc kubernetes -n default', out: [/^kubernetes +ClusterIP/m] },
        { run: 'get priorityclasses', out: ['system-node-critical'] },
      ],
    },
    {
      name: 'watch',
      steps: [
        {
          run: 'get pods -w',
          beside: 'afterOutput',
          out: [/^NAME +READY/, /^seen +0\/1 +Pending/m, /^seen +1\/1 +Running/m, /^seen .* Terminating/m],
        },
        { run: 'create -f -', stdin: pod('seen') },
        { run: 'wait pod/seen --for=condition=Ready --timeout=20s' },
        { run: 'delete pod seen', exactly: 'pod "seen" deleted' },
      ],
    },
  ],
};
