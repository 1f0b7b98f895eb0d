import type { Suite } from '../case.ts';
import { deployment, pod } from '../manifests.ts';

export const describe: Suite = {
  name: 'describe and events',
  cases: [
    {
      name: 'describe a Pod, pending and running',
      steps: [
        {
          run: 'create -f -',
          stdin: `${pod('up')}---\n${pod('down', '  nodeSelector: {kubernetes.io/hostname: nowhere}\n')}`,
        },
        { run: 'wait pod/up --for=condition=Ready --timeout=20s' },
        {
          run: 'describe pod up',
          out: [
            /^Name: +up$/m,
            /^Namespace: +t-describe-and-events$/m,
            /^Status: +Running$/m,
            /^ +Image: +burstlet\.dev\/host:1$/m,
            /Ready +True/,
            /^QoS Class: +BestEffort$/m,
            'Events:',
          ],
        },
        {
          run: 'describe pod down',
          out: [/^Status: +Pending$/m, /^Node-Selectors: +kubernetes.io\/hostname=nowhere$/m],
        },
        { run: 'describe pod nobody', exit: 1, err: ['pods "nobody" not found'] },
        { run: 'describe pods -l app=up', out: [/^Name: +up$/m], notOut: [/^Name: +down$/m] },
      ],
    },
    {
      name: 'describe a Deployment, its ReplicaSet and its Service',
      steps: [
        { run: 'create -f -', stdin: deployment('web', { replicas: 1 }) },
        { run: 'expose deploy web --port=80' },
        { run: 'rollout status deploy/web --timeout=20s' },
        {
          run: 'describe deploy web',
          out: [
            /^Replicas: +1 desired \| 1 updated \| 1 total \| 1 available \| 0 unavailable$/m,
            /^NewReplicaSet: +web-\S+ \(1\/1 replicas created\)$/m,
            'ScalingReplicaSet',
          ],
        },
        { run: 'describe rs -l app=web', out: [/^Controlled By: +Deployment\/web$/m, 'SuccessfulCreate'] },
        { run: 'describe svc web', out: [/^Endpoints: +[\d.]+:80$/m] },
      ],
    },
    {
      name: 'describe a Node, a Job, a namespace',
      steps: [
        { run: 'create job once --image=burstlet.dev/host:1 -- true' },
        { run: 'wait job/once --for=condition=Complete --timeout=20s' },
        {
          run: 'describe job once',
          out: [
            /^Completions: +1$/m,
            /^Pods Statuses: +0 Active \(0 Ready\) \/ 1 Succeeded \/ 0 Failed$/m,
            'Completed',
          ],
        },
        {
          run: 'describe nodes',
          out: [
            'Capacity:',
            'Allocatable:',
            'Non-terminated Pods:',
            /t-describe-and-events +up/,
            'Allocated resources:',
          ],
        },
        { run: 'describe ns t-describe-and-events', out: [/^Status: +Active$/m] },
        { run: 'describe sa default', out: [/^Name: +default$/m] },
        { run: 'describe cm kube-root-ca.crt', out: ['ca.crt:'] },
      ],
    },
    {
      name: 'the events of a container',
      needs: ['node'],
      steps: [
        { run: 'run crash --image=burstlet.dev/host --command -- sh -c "exit 3"' },
        {
          run: 'describe pod crash',
          within: 20,
          out: [
            /Normal +Started +\S+ \(x\d over \S+\) +burstlet +Container started$/m,
            /Warning +BackOff +.*Back-off restarting failed container crash in pod crash_/,
          ],
        },
        {
          run: 'get events --field-selector involvedObject.name=crash,reason=Started -o jsonpath={.items[0].involvedObject.fieldPath}',
          exactly: 'spec.containers{crash}',
        },
        { run: 'delete pod crash --grace-period=1' },
      ],
    },
    {
      name: 'events',
      steps: [
        {
          run: 'events',
          out: [/^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$/m, /Normal +ScalingReplicaSet +Deployment\/web /],
        },
        { run: 'events --for deployment/web', out: ['ScalingReplicaSet'], notOut: ['SuccessfulCreate'] },
        { run: 'events --types=Warning', notOut: ['ScalingReplicaSet'] },
        {
          run: 'get events --field-selector involvedObject.kind=Deployment,reason=ScalingReplicaSet',
          out: [/^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE$/m, 'deployment/web'],
        },
        { run: 'get events.events.k8s.io', out: ['ScalingReplicaSet'] },
      ],
    },
  ],
};
