import type { Suite } from '../case.ts';
import { configMap, deployment, pod } from '../manifests.ts';

export const create: Suite = {
  name: 'create',
  cases: [
    {
      name: 'from flags',
      steps: [
        { run: 'create configmap cm --from-literal=a=1 --from-literal=b=2', exactly: 'configmap/cm created' },
        { run: 'get cm cm -o jsonpath={.data}', exactly: '{"a":"1","b":"2"}' },
        {
          run: 'create secret generic secret --from-literal=password=s3cret',
          exactly: 'secret/secret created',
        },
        { run: 'get secret secret -o jsonpath={.data.password}', exactly: 'czNjcmV0' },
        {
          run: 'create deployment web --image=burstlet.dev/host:1 --replicas=2 --port=80',
          exactly: 'deployment.apps/web created',
        },
        { run: 'create service clusterip web --tcp=80:8080', exactly: 'service/web created' },
        { run: 'create job once --image=burstlet.dev/host:1 -- true', exactly: 'job.batch/once created' },
        {
          run: "create cronjob often --image=burstlet.dev/host:1 --schedule='*/5 * * * *' -- true",
          exactly: 'cronjob.batch/often created',
        },
        { run: 'create job now --from=cronjob/often', exactly: 'job.batch/now created' },
        { run: 'create serviceaccount robot', exactly: 'serviceaccount/robot created' },
        { run: 'create token robot', out: [/^ey|^\S{20,}/] },
        {
          run: 'create role reader --verb=get,list --resource=pods',
          exactly: 'role.rbac.authorization.k8s.io/reader created',
        },
        {
          run: 'create rolebinding reads --role=reader --serviceaccount=t-create:robot',
          exactly: 'rolebinding.rbac.authorization.k8s.io/reads created',
        },
        {
          run: 'create poddisruptionbudget some --selector=app=web --min-available=1',
          exactly: 'poddisruptionbudget.policy/some created',
        },
        {
          run: 'create priorityclass t-high --value=1000',
          exactly: 'priorityclass.scheduling.k8s.io/t-high created',
        },
        { run: 'delete priorityclass t-high' },
        {
          run: 'run single --image=burstlet.dev/host:1 --restart=Never -- true',
          exactly: 'pod/single created',
        },
        {
          run: 'wait job/once job/now --for=condition=Complete --timeout=20s',
          out: ['job.batch/once condition met'],
        },
        { run: 'get job once', out: [/^once +Complete +1\/1 /m] },
        { run: 'get cronjob often', out: [/^often +\*\/5 \* \* \* \* +<none> +False +\d +<none>/m] },
      ],
    },
    {
      name: 'refused',
      steps: [
        {
          run: 'create configmap cm',
          exit: 1,
          err: ['error: failed to create configmap: configmaps "cm" already exists'],
        },
        {
          run: 'create -f -',
          stdin: configMap('Not_A_Name', {}),
          exit: 1,
          err: ['is invalid: metadata.name: Invalid value: "Not_A_Name"'],
        },
        {
          run: 'create -f - -n nowhere',
          stdin: configMap('x', {}),
          exit: 1,
          err: ['namespaces "nowhere" not found'],
        },
        {
          run: 'create -f -',
          stdin: pod('bad').replace('image: burstlet.dev/host:1', 'imagee: burstlet.dev/host:1'),
          exit: 1,
          err: ['strict decoding error: unknown field "spec.containers[0].imagee"'],
        },
        {
          run: 'create -f -',
          stdin: deployment('bad', { spec: 'replicas: "three"' }),
          exit: 1,
          err: ['cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32'],
        },
        {
          run: 'create -f - --validate=warn',
          stdin: `${configMap('warned', {})}datta: {}\n`,
          exactly: 'configmap/warned created',
          err: ['Warning: unknown field "datta"'],
        },
        {
          run: 'create -f - --validate=ignore',
          stdin: `${configMap('ignored', {})}datta: {}\n`,
          exactly: 'configmap/ignored created',
        },
      ],
    },
    {
      name: 'dry runs leave nothing behind',
      steps: [
        {
          run: 'create deployment dry --image=burstlet.dev/host:1 --dry-run=client -o yaml',
          out: ['kind: Deployment', 'image: burstlet.dev/host:1'],
        },
        {
          run: 'create deployment dry --image=burstlet.dev/host:1 --dry-run=server -o yaml',
          out: ['kind: Deployment', /uid: /, 'revisionHistoryLimit: 10'],
        },
        { run: 'get deployment dry', exit: 1 },
      ],
    },
    {
      name: 'names made by the server',
      steps: [
        {
          run: 'create -f -',
          stdin: pod('x').replace('name: x', 'generateName: made-'),
          out: [/^pod\/made-[a-z0-9]{5} created$/m],
        },
      ],
    },
    {
      name: 'replace, edit and kustomize',
      steps: [
        { run: 'create -f -', stdin: configMap('thing', { a: '1' }) },
        { run: 'replace -f -', stdin: configMap('thing', { b: '2' }), exactly: 'configmap/thing replaced' },
        { run: 'get cm thing -o jsonpath={.data}', exactly: '{"b":"2"}' },
        {
          run: 'replace --force -f -',
          stdin: configMap('thing', { c: '3' }),
          out: ['configmap "thing" deleted', 'configmap/thing replaced'],
        },
        {
          run: 'edit cm thing',
          env: { KUBE_EDITOR: `sed -i -e 's/c: "3"/c: "4"/'` },
          exactly: 'configmap/thing edited',
        },
        { run: 'get cm thing -o jsonpath={.data}', exactly: '{"c":"4"}' },
        {
          run: 'apply -k kustom',
          files: {
            'kustom/kustomization.yaml': 'resources: [cm.yaml]\nnamePrefix: pre-\n',
            'kustom/cm.yaml': configMap('kustom', { a: '1' }),
          },
          exactly: 'configmap/pre-kustom created',
        },
      ],
    },
  ],
};
