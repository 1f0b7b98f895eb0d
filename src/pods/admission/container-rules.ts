import type { PodFeature } from '../../../providers/contract/index.ts';
import type { Container } from '../../kube/types.ts';
import { confines } from './pod-rules.ts';
import type { ProviderRule } from './rule.ts';
import { isAutomaticTokenMount } from './token-volume.ts';
import {
  type AnyContainer,
  containerField,
  containerFields,
  containersOf,
  filled,
  itemsWhere,
  some,
} from './uses.ts';

type Security = NonNullable<Container['securityContext']>;

/** A feature that is one field of the container; `container.` is left out in `field`. */
function field(
  feature: PodFeature,
  reason: string,
  path: string,
  test: (container: AnyContainer) => boolean,
): ProviderRule {
  return { feature, reason, fields: [`container.${path}`], find: containerField(path, test) };
}

function security(
  feature: PodFeature,
  reason: string,
  name: keyof Security & string,
  test: (context: Security) => boolean,
): ProviderRule {
  return field(
    feature,
    reason,
    `securityContext.${name}`,
    ({ securityContext }) => securityContext !== undefined && test(securityContext),
  );
}

const probes = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;

function probeAction(action: 'exec' | 'httpGet' | 'tcpSocket' | 'grpc', reason: string): ProviderRule {
  return {
    feature: `container.probe.${action}`,
    reason,
    fields: probes.map((probe) => `container.${probe}.${action}`),
    find: containerFields((container) =>
      probes.flatMap((probe) => (container[probe]?.[action] === undefined ? [] : [`${probe}.${action}`])),
    ),
  };
}

/** Standard resources; every other name is an extended one. */
function isExtended(name: string): boolean {
  return !['cpu', 'memory', 'ephemeral-storage'].includes(name) && !isHugePages(name);
}

function isHugePages(name: string): boolean {
  return name.startsWith('hugepages-');
}

function resources(feature: PodFeature, reason: string, test: (name: string) => boolean): ProviderRule {
  return {
    feature,
    reason,
    fields: ['container.resources.limits', 'container.resources.requests'],
    find: containerFields(({ resources: asked }) =>
      (['limits', 'requests'] as const).flatMap((list) =>
        Object.keys(asked?.[list] ?? {})
          .filter(test)
          .map((name) => `resources.${list}[${name}]`),
      ),
    ),
  };
}

function limit(name: 'cpu' | 'memory' | 'ephemeral-storage', reason: string): ProviderRule {
  return {
    feature: `container.resources.limits.${name}`,
    reason,
    fields: ['container.resources.limits'],
    find: containerField(`resources.limits[${name}]`, (c) => c.resources?.limits?.[name] !== undefined),
  };
}

/** `Always` for the tag latest or none, as the API server would default it (pkg/apis/core/v1/defaults.go). */
function defaultPullPolicy(image = ''): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  if (last.includes('@')) return 'IfNotPresent';
  return !last.includes(':') || last.endsWith(':latest') ? 'Always' : 'IfNotPresent';
}

/** What is asked for by containers of any kind. Values that only repeat a default ask for nothing. */
export const containerRules: readonly ProviderRule[] = [
  security(
    'container.securityContext.privileged',
    'PrivilegedNotSupported',
    'privileged',
    (context) => context.privileged === true,
  ),
  {
    feature: 'container.ports.hostPort',
    reason: 'HostPortNotSupported',
    fields: ['container.ports.hostPort'],
    find: containerFields(({ ports }, { spec }) =>
      itemsWhere(
        ports,
        (index) => `ports[${index}].hostPort`,
        // With hostNetwork the API server fills hostPort in by itself; it then says nothing more than hostNetwork.
        ({ hostPort, containerPort }) =>
          Boolean(hostPort) && !(spec?.hostNetwork === true && hostPort === containerPort),
      ),
    ),
  },
  {
    feature: 'container.ports.hostIP',
    reason: 'HostIPNotSupported',
    fields: ['container.ports.hostIP'],
    find: containerFields(({ ports }) =>
      itemsWhere(
        ports,
        (index) => `ports[${index}].hostIP`,
        ({ hostIP }) => Boolean(hostIP),
      ),
    ),
  },
  field('container.volumeDevices', 'BlockDevicesNotSupported', 'volumeDevices', (c) => some(c.volumeDevices)),
  {
    feature: 'container.volumeMounts',
    reason: 'VolumeMountsNotSupported',
    fields: ['container.volumeMounts'],
    find: containerFields(({ volumeMounts }, pod) =>
      itemsWhere(
        volumeMounts,
        (index) => `volumeMounts[${index}]`,
        (mount) => !isAutomaticTokenMount(mount, pod),
      ),
    ),
  },
  {
    feature: 'container.volumeMounts.subPath',
    reason: 'SubPathNotSupported',
    fields: ['container.volumeMounts.subPath', 'container.volumeMounts.subPathExpr'],
    find: containerFields(({ volumeMounts }) =>
      (['subPath', 'subPathExpr'] as const).flatMap((name) =>
        itemsWhere(
          volumeMounts,
          (index) => `volumeMounts[${index}].${name}`,
          (mount) => Boolean(mount[name]),
        ),
      ),
    ),
  },
  {
    feature: 'container.volumeMounts.mountPropagation',
    reason: 'MountPropagationNotSupported',
    fields: ['container.volumeMounts.mountPropagation'],
    find: containerFields(({ volumeMounts }) =>
      itemsWhere(
        volumeMounts,
        (index) => `volumeMounts[${index}].mountPropagation`,
        ({ mountPropagation = 'None' }) => mountPropagation !== 'None',
      ),
    ),
  },
  {
    feature: 'container.volumeMounts.recursiveReadOnly',
    reason: 'RecursiveReadOnlyNotSupported',
    fields: ['container.volumeMounts.recursiveReadOnly'],
    // IfPossible is content with less.
    find: containerFields(({ volumeMounts }) =>
      itemsWhere(
        volumeMounts,
        (index) => `volumeMounts[${index}].recursiveReadOnly`,
        ({ recursiveReadOnly }) => recursiveReadOnly === 'Enabled',
      ),
    ),
  },
  {
    feature: 'container.securityContext.runAsUser',
    reason: 'RunAsUserNotSupported',
    fields: ['container.securityContext.runAsUser', 'container.securityContext.runAsGroup'],
    find: containerFields(({ securityContext }) =>
      (['runAsUser', 'runAsGroup'] as const).flatMap((name) =>
        securityContext?.[name] === undefined ? [] : [`securityContext.${name}`],
      ),
    ),
  },
  security(
    'container.securityContext.runAsNonRoot',
    'RunAsNonRootNotSupported',
    'runAsNonRoot',
    (context) => context.runAsNonRoot === true,
  ),
  {
    feature: 'container.securityContext.runAsNonRoot.imageUser',
    reason: 'RunAsNonRootNotSupported',
    fields: ['container.securityContext.runAsNonRoot'],
    // Whose user only the image names.
    find: containerFields(({ securityContext: own }, { spec }) => {
      const { runAsNonRoot, runAsUser } = spec?.securityContext ?? {};
      const verified = (own?.runAsNonRoot ?? runAsNonRoot) === true;
      return verified && (own?.runAsUser ?? runAsUser) === undefined ? ['securityContext.runAsNonRoot'] : [];
    }),
  },
  security(
    'container.securityContext.readOnlyRootFilesystem',
    'ReadOnlyRootFilesystemNotSupported',
    'readOnlyRootFilesystem',
    (context) => context.readOnlyRootFilesystem === true,
  ),
  security(
    'container.securityContext.allowPrivilegeEscalation=false',
    'NoPrivilegeEscalationNotSupported',
    'allowPrivilegeEscalation',
    (context) => context.allowPrivilegeEscalation === false,
  ),
  field(
    'container.securityContext.capabilities.add',
    'AddedCapabilitiesNotSupported',
    'securityContext.capabilities.add',
    (c) => some(c.securityContext?.capabilities?.add),
  ),
  field(
    'container.securityContext.capabilities.drop',
    'DroppedCapabilitiesNotSupported',
    'securityContext.capabilities.drop',
    (c) => some(c.securityContext?.capabilities?.drop),
  ),
  security('container.securityContext.seccompProfile', 'SeccompNotSupported', 'seccompProfile', (context) =>
    confines(context.seccompProfile),
  ),
  security(
    'container.securityContext.appArmorProfile',
    'AppArmorNotSupported',
    'appArmorProfile',
    (context) => confines(context.appArmorProfile),
  ),
  security('container.securityContext.seLinuxOptions', 'SELinuxNotSupported', 'seLinuxOptions', (context) =>
    filled(context.seLinuxOptions),
  ),
  security(
    'container.securityContext.procMount',
    'ProcMountNotSupported',
    'procMount',
    ({ procMount = 'Default' }) => procMount !== 'Default',
  ),
  security(
    'container.securityContext.windowsOptions',
    'WindowsOptionsNotSupported',
    'windowsOptions',
    (context) => filled(context.windowsOptions),
  ),
  resources('container.resources.extended', 'ExtendedResourcesNotSupported', isExtended),
  resources('container.resources.hugepages', 'HugePagesNotSupported', isHugePages),
  limit('cpu', 'CPULimitNotSupported'),
  limit('memory', 'MemoryLimitNotSupported'),
  limit('ephemeral-storage', 'EphemeralStorageLimitNotSupported'),
  {
    ...resources(
      'container.resources.requests',
      'ResourceRequestsNotSupported',
      (name) => !isExtended(name) && !isHugePages(name),
    ),
    fields: ['container.resources.requests'],
    find: containerField('resources.requests', ({ resources: asked }) =>
      Object.keys(asked?.requests ?? {}).some((name) => !isExtended(name) && !isHugePages(name)),
    ),
  },
  {
    feature: 'container.resizePolicy',
    reason: 'ResizePolicyNotSupported',
    fields: ['container.resizePolicy'],
    // NotRequired is what the API server fills in.
    find: containerFields(({ resizePolicy }) =>
      itemsWhere(
        resizePolicy,
        (index) => `resizePolicy[${index}]`,
        ({ restartPolicy }) => restartPolicy !== 'NotRequired',
      ),
    ),
  },
  {
    feature: 'container.restartPolicy',
    reason: 'ContainerRestartPolicyNotSupported',
    fields: ['container.restartPolicy'],
    // Always on an init container makes it a sidecar, which has a rule of its own.
    find: (pod) =>
      containersOf(pod).flatMap(({ path, kind, container: { restartPolicy } }) =>
        restartPolicy === undefined || (kind === 'init' && restartPolicy === 'Always')
          ? []
          : [`${path}.restartPolicy`],
      ),
  },
  field('container.restartPolicyRules', 'RestartPolicyRulesNotSupported', 'restartPolicyRules', (c) =>
    some(c.restartPolicyRules),
  ),
  field(
    'container.livenessProbe',
    'LivenessProbeNotSupported',
    'livenessProbe',
    (c) => c.livenessProbe !== undefined,
  ),
  field(
    'container.readinessProbe',
    'ReadinessProbeNotSupported',
    'readinessProbe',
    (c) => c.readinessProbe !== undefined,
  ),
  field(
    'container.startupProbe',
    'StartupProbeNotSupported',
    'startupProbe',
    (c) => c.startupProbe !== undefined,
  ),
  probeAction('exec', 'ExecProbeNotSupported'),
  probeAction('httpGet', 'HTTPProbeNotSupported'),
  probeAction('tcpSocket', 'TCPProbeNotSupported'),
  probeAction('grpc', 'GRPCProbeNotSupported'),
  field(
    'container.lifecycle.postStart',
    'PostStartHookNotSupported',
    'lifecycle.postStart',
    (c) => c.lifecycle?.postStart !== undefined,
  ),
  field(
    'container.lifecycle.preStop',
    'PreStopHookNotSupported',
    'lifecycle.preStop',
    (c) => c.lifecycle?.preStop !== undefined,
  ),
  field('container.lifecycle.stopSignal', 'StopSignalNotSupported', 'lifecycle.stopSignal', (c) =>
    Boolean(c.lifecycle?.stopSignal),
  ),
  field('container.tty', 'TTYNotSupported', 'tty', (c) => c.tty === true),
  {
    feature: 'container.stdin',
    reason: 'StdinNotSupported',
    fields: ['container.stdin', 'container.stdinOnce'],
    find: containerFields((c) =>
      (['stdin', 'stdinOnce'] as const).flatMap((name) => (c[name] === true ? [name] : [])),
    ),
  },
  field(
    'container.terminationMessagePath',
    'TerminationMessagePathNotSupported',
    'terminationMessagePath',
    ({ terminationMessagePath: path }) => Boolean(path) && path !== '/dev/termination-log',
  ),
  field(
    'container.terminationMessagePolicy=FallbackToLogsOnError',
    'TerminationMessagePolicyNotSupported',
    'terminationMessagePolicy',
    (c) => c.terminationMessagePolicy === 'FallbackToLogsOnError',
  ),
  field('container.image', 'ImageNotSupported', 'image', (c) => Boolean(c.image)),
  field(
    'container.imagePullPolicy',
    'ImagePullPolicyNotSupported',
    'imagePullPolicy',
    ({ image, imagePullPolicy: policy }) => Boolean(policy) && policy !== defaultPullPolicy(image),
  ),
  field('container.command', 'CommandNotSupported', 'command', (c) => some(c.command)),
  field('container.args', 'ArgsNotSupported', 'args', (c) => some(c.args)),
  field('container.workingDir', 'WorkingDirNotSupported', 'workingDir', (c) => Boolean(c.workingDir)),
  {
    feature: 'container.env',
    reason: 'EnvNotSupported',
    fields: ['container.env', 'container.envFrom'],
    find: containerFields((c) =>
      (['env', 'envFrom'] as const).flatMap((name) => (some(c[name]) ? [name] : [])),
    ),
  },
  field('container.ports.containerPort', 'ContainerPortsNotSupported', 'ports', (c) => some(c.ports)),
  {
    feature: 'container.volumeMounts.serviceAccountToken',
    reason: 'ServiceAccountTokenMountNotSupported',
    fields: ['container.volumeMounts'],
    find: containerFields(({ volumeMounts }, pod) =>
      itemsWhere(
        volumeMounts,
        (index) => `volumeMounts[${index}]`,
        (mount) => isAutomaticTokenMount(mount, pod),
      ),
    ),
  },
];
