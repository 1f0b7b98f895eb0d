import type { Suite } from '../case.ts';
import { configMap, deployment } from '../manifests.ts';

const web = (options: Parameters<typeof deployment>[1] = {}): string => deployment('web', options);
const apply = 'apply --server-side -f -';
const applied = 'deployment.apps/web serverside-applied';

export const serverSideApply: Suite = {
  name: 'apply server side',
  cases: [
    {
      name: 'create, again, change, remove',
      steps: [
        { run: apply, stdin: web({ replicas: 1, labels: ', tier: front' }), exactly: applied },
        { run: 'get deploy web -o jsonpath={.metadata.generation}', exactly: '1' },
        { run: apply, stdin: web({ replicas: 1, labels: ', tier: front' }), exactly: applied },
        { run: 'get deploy web -o jsonpath={.metadata.generation}', exactly: '1' },
        { run: apply, stdin: web({ replicas: 2, image: 'burstlet.dev/host:2' }), exactly: applied },
        {
          run: 'get deploy web -o jsonpath={.spec.replicas}{.spec.template.spec.containers[*].image}{.metadata.labels}',
          exactly: '2burstlet.dev/host:2{"app":"web"}',
        },
        {
          run: 'get deploy web -o yaml --show-managed-fields',
          out: [
            'operation: Apply',
            'manager: kubectl',
            'f:replicas: {}',
            /k:\{"containerPort":80,"protocol":"TCP"\}:/,
          ],
        },
      ],
    },
    {
      name: 'a field that the manager no longer applies goes back to its default',
      steps: [
        { run: apply, stdin: web(), exactly: applied },
        { run: 'get deploy web -o jsonpath={.spec.replicas}', exactly: '1' },
      ],
    },
    {
      name: 'conflict, and force',
      steps: [
        { run: apply, stdin: web({ replicas: 2 }), exactly: applied },
        { run: 'scale deploy web --replicas=4', exactly: 'deployment.apps/web scaled' },
        {
          run: apply,
          stdin: web({ replicas: 2 }),
          exit: 1,
          err: [
            /Apply failed with 1 conflict: conflict with "kubectl" with subresource "scale" using \S+: \.spec\.replicas/,
            '--force-conflicts',
          ],
        },
        { run: 'get deploy web -o jsonpath={.spec.replicas}', exactly: '4' },
        { run: `${apply} --force-conflicts`, stdin: web({ replicas: 2 }), exactly: applied },
        { run: 'get deploy web -o jsonpath={.spec.replicas}', exactly: '2' },
        {
          run: `${apply} --field-manager=other`,
          stdin: web({ image: 'burstlet.dev/host:9' }),
          exit: 1,
          err: ['conflict with "kubectl": .spec.template.spec.containers[name="web"].image'],
        },
      ],
    },
    {
      name: 'two managers share an object',
      steps: [
        { run: apply, stdin: configMap('shared', { a: '1', both: 'x' }) },
        { run: `${apply} --field-manager=other`, stdin: configMap('shared', { b: '2', both: 'x' }) },
        { run: 'get cm shared -o jsonpath={.data}', exactly: '{"a":"1","b":"2","both":"x"}' },
        { run: apply, stdin: configMap('shared', {}) },
        { run: 'get cm shared -o jsonpath={.data}', exactly: '{"b":"2","both":"x"}' },
        { run: `${apply} --field-manager=other`, stdin: configMap('shared', {}) },
        { run: 'get cm shared -o jsonpath={.data}', out: [/^(\{\})?$/] },
      ],
    },
    {
      name: 'migration from client-side apply',
      steps: [
        {
          run: 'apply -f -',
          stdin: configMap('moved', { a: '1', b: '2' }),
          exactly: 'configmap/moved created',
        },
        { run: apply, stdin: configMap('moved', { a: '1' }), exactly: 'configmap/moved serverside-applied' },
        { run: 'get cm moved -o jsonpath={.data}', exactly: '{"a":"1"}' },
        {
          run: 'get cm moved -o jsonpath={.metadata.managedFields[*].operation} --show-managed-fields',
          out: ['Apply'],
          notOut: ['Update'],
        },
        { run: 'apply -f -', stdin: configMap('moved', { c: '3' }), exactly: 'configmap/moved configured' },
        { run: 'get cm moved -o jsonpath={.data}', exactly: '{"c":"3"}' },
      ],
    },
    {
      name: 'dry run and diff',
      needs: ['command:diff'],
      steps: [
        {
          run: `${apply} --dry-run=server`,
          stdin: web({ replicas: 7 }),
          exactly: `${applied} (server dry run)`,
        },
        { run: 'diff --server-side -f -', stdin: web({ replicas: 2 }), exactly: '' },
        {
          run: 'diff --server-side -f -',
          stdin: web({ replicas: 3 }),
          exit: 1,
          out: [/^- {2}replicas: 2$/m, /^\+ {2}replicas: 3$/m],
        },
        {
          run: 'diff --server-side -f -',
          stdin: configMap('new', { a: '1' }),
          exit: 1,
          out: [/^\+kind: ConfigMap$/m],
        },
      ],
    },
  ],
};
