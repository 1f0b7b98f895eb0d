import type { Suite } from '../case.ts';
import { configMap, deployment } from '../manifests.ts';

const web = (options: Parameters<typeof deployment>[1] = {}): string => deployment('web', options);
const strategy = 'strategy: {type: RollingUpdate, rollingUpdate: {maxSurge: 2}}';

export const apply: Suite = {
  name: 'apply client side',
  cases: [
    {
      name: 'create, again, change',
      steps: [
        { run: 'apply -f -', stdin: web({ replicas: 1 }), exactly: 'deployment.apps/web created' },
        {
          run: 'apply -f -',
          stdin: web({ replicas: 1 }),
          exactly: 'deployment.apps/web unchanged',
          err: [/^$/],
        },
        {
          run: 'apply -f -',
          stdin: web({ replicas: 2 }),
          exactly: 'deployment.apps/web configured',
          err: [/^$/],
        },
        { run: 'get deploy web -o jsonpath={.spec.replicas}', exactly: '2' },
        { run: 'apply view-last-applied deploy/web', out: ['replicas: 2'] },
      ],
    },
    {
      name: 'removal of a field, of a label, of a container and of a port',
      steps: [
        {
          run: 'apply -f -',
          stdin: web({ replicas: 2, spec: strategy, labels: ', tier: front' }),
          exactly: 'deployment.apps/web configured',
        },
        {
          run: 'get deploy web -o jsonpath={.spec.strategy.rollingUpdate.maxSurge}{.metadata.labels.tier}',
          exactly: '2front',
        },
        {
          run: 'apply -f -',
          stdin: web({ replicas: 2 }).replace(
            '        - containerPort: 80\n',
            '        - containerPort: 81\n      - {name: side, image: side:1}\n',
          ),
          exactly: 'deployment.apps/web configured',
        },
        {
          run: 'get deploy web -o jsonpath={.spec.strategy.rollingUpdate.maxSurge}{.metadata.labels.tier}',
          exactly: '25%',
        },
        {
          run: 'get deploy web -o jsonpath={.spec.template.spec.containers[*].name}={.spec.template.spec.containers[0].ports}',
          exactly: 'web side=[{"containerPort":81,"protocol":"TCP"}]',
        },
        { run: 'apply -f -', stdin: web({ replicas: 2 }), exactly: 'deployment.apps/web configured' },
        { run: 'get deploy web -o jsonpath={.spec.template.spec.containers[*].name}', exactly: 'web' },
      ],
    },
    {
      name: 'what others have set stays',
      steps: [
        { run: 'label deploy web mine=yes', exactly: 'deployment.apps/web labeled' },
        { run: 'apply -f -', stdin: web({ replicas: 2 }), exactly: 'deployment.apps/web unchanged' },
        { run: 'get deploy web -o jsonpath={.metadata.labels.mine}', exactly: 'yes' },
      ],
    },
    {
      name: 'an object made by create gets a warning, then its annotation',
      steps: [
        { run: 'create -f -', stdin: configMap('made', { a: '1' }) },
        {
          run: 'apply -f -',
          stdin: configMap('made', { a: '2' }),
          exactly: 'configmap/made configured',
          err: ['missing the kubectl.kubernetes.io/last-applied-configuration annotation'],
        },
        {
          run: 'apply -f -',
          stdin: configMap('made', { a: '2' }),
          exactly: 'configmap/made unchanged',
          err: [/^$/],
        },
      ],
    },
    {
      name: 'dry runs and bad input',
      steps: [
        {
          run: 'apply --dry-run=server -f -',
          stdin: web({ replicas: 9 }),
          exactly: 'deployment.apps/web configured (server dry run)',
        },
        {
          run: 'apply --dry-run=client -f -',
          stdin: web({ replicas: 9 }),
          exactly: 'deployment.apps/web configured (dry run)',
        },
        { run: 'get deploy web -o jsonpath={.spec.replicas}', exactly: '2' },
        {
          run: 'apply -f -',
          stdin: web({ spec: 'replicass: 3' }),
          exit: 1,
          err: ['strict decoding error: unknown field "spec.replicass"'],
        },
        {
          run: 'apply -f -',
          stdin: web().replace('matchLabels: {app: web}', 'matchLabels: {app: other}'),
          exit: 1,
          err: ['is invalid'],
        },
        {
          run: 'apply -f -',
          stdin: 'kind: Wombat\napiVersion: example.com/v1\nmetadata: {name: x}\n',
          exit: 1,
          err: ['no matches for kind "Wombat"'],
        },
      ],
    },
    {
      name: 'diff',
      needs: ['command:diff'],
      steps: [
        { run: 'diff -f -', stdin: web({ replicas: 2 }), exactly: '' },
        {
          run: 'diff -f -',
          stdin: web({ replicas: 3 }),
          exit: 1,
          out: [/^- {2}replicas: 2$/m, /^\+ {2}replicas: 3$/m],
          notOut: [/^[+-] {2}managedFields/m],
        },
        { run: 'diff -f -', stdin: configMap('new', { a: '1' }), exit: 1, out: [/^\+kind: ConfigMap$/m] },
        {
          run: 'diff --server-side --force-conflicts -f -',
          stdin: web({ replicas: 3 }),
          exit: 1,
          out: [/^\+ {2}replicas: 3$/m],
        },
        { run: 'get deploy web -o jsonpath={.spec.replicas}', exactly: '2' },
        { run: 'get cm new', exit: 1 },
      ],
    },
    {
      name: 'prune by label',
      steps: [
        {
          run: 'apply -f - -l prune=yes --prune --prune-allowlist=core/v1/ConfigMap',
          stdin: ['p1', 'p2'].map(prunable).join('---\n'),
          out: ['configmap/p1 created', 'configmap/p2 created'],
        },
        {
          run: 'apply -f - -l prune=yes --prune --prune-allowlist=core/v1/ConfigMap',
          stdin: prunable('p1'),
          out: ['configmap/p1 unchanged', 'configmap/p2 pruned'],
        },
      ],
    },
  ],
};

function prunable(name: string): string {
  return configMap(name, { a: '1' }).replace('metadata:\n', 'metadata:\n  labels: {prune: "yes"}\n');
}
