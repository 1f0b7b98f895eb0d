import type { Container, ObjectMeta, PodSpec } from '../../../src/kube/types.ts';
import {
  busyboxImage,
  ended,
  type OracleCase,
  once,
  pod,
  ready,
  restarted,
  server,
  shell,
  waits,
} from '../case.ts';

/** What a container finds around it, told by its termination message. */
function finds(
  name: string,
  script: string,
  container: Partial<Container> = {},
  spec: Partial<PodSpec> = {},
  metadata: Pick<ObjectMeta, 'labels' | 'annotations'> = {},
): OracleCase {
  return {
    name: `inside-${name}`,
    ...pod(shell(`(${script}) > /dev/termination-log 2>&1`, container), { ...once, ...spec }),
    metadata,
    until: ended,
  };
}

const limits = {
  resources: { requests: { cpu: '250m', memory: '64Mi' }, limits: { cpu: '500m', memory: '128Mi' } },
};
const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const amount = (name: string, resource: string, divisor = '1') => ({
  name,
  valueFrom: { resourceFieldRef: { resource, divisor } },
});
const memory = '/sys/fs/cgroup/memory/memory.limit_in_bytes';

/** The surroundings of a container: environment, names, user, rights, limits. */
export const inside: readonly OracleCase[] = [
  finds('hostname', 'hostname; cat /etc/hostname', {}, { hostname: 'custom' }),
  finds('hostname-of-the-pod', 'hostname'),
  finds(
    'subdomain',
    'hostname; hostname -f; grep custom /etc/hosts',
    {},
    { hostname: 'custom', subdomain: 'sub' },
  ),
  finds('hosts', 'cat /etc/hosts', {}, { hostAliases: [{ ip: '10.9.8.7', hostnames: ['db', 'db.local'] }] }),
  finds(
    'resolv',
    'cat /etc/resolv.conf',
    {},
    {
      dnsPolicy: 'None',
      dnsConfig: { nameservers: ['10.1.1.1'], searches: ['a.b'], options: [{ name: 'ndots', value: '3' }] },
    },
  ),
  finds('env', 'echo "$A|$B|$C|$D|$E"', {
    env: [
      { name: 'A', value: 'a' },
      { name: 'B', value: '$(A)b' },
      { name: 'C', value: '$$(A)' },
      { name: 'D', value: '$(NONE)' },
      { name: 'E', value: '$(A)$(B)' },
    ],
  }),
  {
    name: 'inside-args',
    ...pod(
      {
        name: 'main',
        image: busyboxImage,
        command: ['sh', '-c', 'echo "$0 $1" > /dev/termination-log'],
        args: ['$(A)', '$$(A) $(NONE)'],
        env: [{ name: 'A', value: 'a' }],
      },
      once,
    ),
    until: ended,
  },
  finds(
    'downward',
    'env | grep ^D_ | sort',
    {
      ...limits,
      env: [
        field('D_NAME', 'metadata.name'),
        field('D_NS', 'metadata.namespace'),
        field('D_UID', 'metadata.uid'),
        field('D_NODE', 'spec.nodeName'),
        field('D_SA', 'spec.serviceAccountName'),
        field('D_IP', 'status.podIP'),
        field('D_HOST', 'status.hostIP'),
        field('D_LABEL', "metadata.labels['a']"),
        field('D_NOTE', "metadata.annotations['n']"),
        amount('D_CPU', 'limits.cpu', '1m'),
        amount('D_MEM', 'limits.memory', '1Mi'),
        amount('D_RCPU', 'requests.cpu'),
      ],
    },
    {},
    { labels: { a: 'b' }, annotations: { n: 'two words' } },
  ),
  finds('service-env', 'env | grep ^KUBERNETES | sort'),
  finds('path', 'echo $PATH; echo $HOME; pwd'),
  finds(
    'user',
    'id',
    { securityContext: { runAsUser: 1000, runAsGroup: 3000 } },
    { securityContext: { fsGroup: 2000, supplementalGroups: [4000] } },
  ),
  finds(
    'user-of-the-pod',
    'id; stat -c "%a %u %g" /v; touch /v/f; stat -c "%u %g" /v/f',
    { volumeMounts: [{ name: 'v', mountPath: '/v' }] },
    {
      securityContext: { runAsUser: 1000, runAsNonRoot: true, fsGroup: 2000 },
      volumes: [{ name: 'v', emptyDir: {} }],
    },
  ),
  finds('capabilities', 'grep Cap /proc/self/status'),
  finds('capabilities-dropped', 'grep Cap /proc/self/status', {
    securityContext: { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } },
  }),
  finds('no-new-privileges', 'grep NoNewPrivs /proc/self/status', {
    securityContext: { allowPrivilegeEscalation: false },
  }),
  finds('read-only', 'touch /tmp/x || echo refused', { securityContext: { readOnlyRootFilesystem: true } }),
  finds(
    'limits',
    `cat ${memory}; cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.shares`,
    limits,
  ),
  finds('no-limits', `cat ${memory}; cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.shares`),
  finds('processes', 'ps -o pid,comm | wc -l; ls -l /proc/1/exe | sed "s/.*-> //"'),
  finds(
    'processes-shared',
    'test $$ = 1 && echo first || echo not first',
    {},
    { shareProcessNamespace: true },
  ),
  finds(
    'sysctl',
    'cat /proc/sys/kernel/shm_rmid_forced',
    {},
    { securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] } },
  ),
  finds('seccomp', 'grep Seccomp: /proc/self/status', {
    securityContext: { seccompProfile: { type: 'RuntimeDefault' } },
  }),
  finds('seccomp-none', 'grep Seccomp: /proc/self/status'),
  finds('devices', 'ls /dev; df -P /dev/shm | tail -1 | tr -s " " | cut -d" " -f1,2'),
  finds('service-account-off', 'ls /var/run/secrets/kubernetes.io/serviceaccount'),
  finds('umask', 'umask; ulimit -n | wc -l'),
  {
    name: 'run-as-non-root',
    ...pod(shell('exit 0', { securityContext: { runAsNonRoot: true } })),
    until: waits('CreateContainerConfigError'),
  },
  {
    name: 'run-as-non-root-with-a-user',
    ...pod(shell('exit 0', { securityContext: { runAsNonRoot: true, runAsUser: 5 } }), once),
    until: ended,
  },
  {
    name: 'run-as-root-although-not',
    ...pod(shell('exit 0', { securityContext: { runAsNonRoot: true, runAsUser: 0 } })),
    until: waits('CreateContainerConfigError'),
  },
  {
    name: 'qos-guaranteed',
    ...pod(server({ resources: { limits: { cpu: '100m', memory: '64Mi' } } })),
    until: ready,
  },
  { name: 'qos-burstable', ...pod(server({ resources: { requests: { cpu: '10m' } } })), until: ready },
  { name: 'qos-best-effort', ...pod(server()), until: ready },
  { name: 'host-users', ...pod(server(), { hostUsers: true }), until: ready },
  {
    name: 'host-users-not',
    ...pod(server(), { hostUsers: false }),
    until: (it) => it.status?.phase !== 'Pending' || waits('ContainerCreating')(it),
  },
  {
    name: 'out-of-cpu',
    ...pod(server({ resources: { requests: { cpu: '1000' } } })),
    bound: true,
    until: ended,
  },
  {
    name: 'out-of-memory',
    ...pod(server({ resources: { requests: { memory: '9000Gi' } } })),
    bound: true,
    until: ended,
  },
  {
    name: 'node-selector-passed-over',
    ...pod(server(), { nodeSelector: { no: 'such' } }),
    bound: true,
    until: ended,
  },
  {
    name: 'rule-restarts-42',
    ...pod(
      shell('sleep 4; exit 42', {
        restartPolicy: 'Never',
        restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
      }),
      once,
    ),
    until: restarted('main', 1),
  },
  {
    name: 'rule-passes-over-1',
    ...pod(
      shell('sleep 1; exit 1', {
        restartPolicy: 'Never',
        restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
      }),
      once,
    ),
    until: ended,
  },
  {
    name: 'rule-of-one-container',
    ...pod(
      [
        shell('sleep 4; exit 1', { name: 'again', restartPolicy: 'OnFailure' }),
        shell('sleep 2', { name: 'only', restartPolicy: 'Never' }),
      ],
      { restartPolicy: 'Never' },
    ),
    until: restarted('again', 1),
  },
  {
    name: 'rule-never-in-always',
    ...pod([
      shell('exit 1', { name: 'only', restartPolicy: 'Never' }),
      shell('sleep 600', { name: 'goes-on' }),
    ]),
    until: (it) =>
      it.status?.containerStatuses?.every(({ state }) => state?.waiting === undefined) === true &&
      it.status.containerStatuses.some(({ state }) => state?.terminated !== undefined),
  },
];
