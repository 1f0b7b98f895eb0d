import type { PodFeature } from '../../../providers/contract/index.ts';

/** A part of a Pod: fields of one container (of any kind), of the spec, of the metadata. */
export interface Fragment {
  readonly container?: Readonly<Record<string, unknown>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

/** One rule shown at work: the tests run these, the reference pages print the first of `asks`. */
export interface RuleExamples {
  /** What asks for the feature, and the fields that do; `container.` is the container of the fragment. */
  readonly asks: readonly (Fragment & { readonly fields: readonly string[] })[];
  /** What looks like it and asks for nothing. */
  readonly asksNot: readonly Fragment[];
}

function spec(
  fields: Record<string, unknown>,
  found: string,
  ...not: Record<string, unknown>[]
): RuleExamples {
  return { asks: [{ spec: fields, fields: [`spec.${found}`] }], asksNot: not.map((one) => ({ spec: one })) };
}

function podSecurity(fields: Record<string, unknown>, ...not: Record<string, unknown>[]): RuleExamples {
  return {
    asks: [
      {
        spec: { securityContext: fields },
        fields: Object.keys(fields).map((name) => `spec.securityContext.${name}`),
      },
    ],
    asksNot: [{ spec: { securityContext: {} } }, ...not.map((one) => ({ spec: { securityContext: one } }))],
  };
}

function volume(source: Record<string, unknown>, found = Object.keys(source)[0] ?? ''): RuleExamples {
  return {
    asks: [{ spec: { volumes: [{ name: 'data', ...source }] }, fields: [`spec.volumes[0].${found}`] }],
    asksNot: [{ spec: { volumes: [] } }, { spec: { volumes: [{ name: 'data' }] } }],
  };
}

function projection(source: Record<string, unknown>): RuleExamples {
  const [type = ''] = Object.keys(source);
  return {
    asks: [
      {
        spec: { volumes: [{ name: 'data', projected: { sources: [source] } }] },
        fields: [`spec.volumes[0].projected.sources[0].${type}`],
      },
    ],
    asksNot: [
      {
        spec: { volumes: [{ name: 'data', projected: { sources: [{ configMap: { name: 'settings' } }] } }] },
      },
    ],
  };
}

function container(
  fields: Record<string, unknown>,
  found: string | readonly string[],
  ...not: Record<string, unknown>[]
): RuleExamples {
  const all = typeof found === 'string' ? [found] : found;
  return {
    asks: [{ container: fields, fields: all.map((one) => `container.${one}`) }],
    asksNot: not.map((one) => ({ container: one })),
  };
}

function security(fields: Record<string, unknown>, ...not: Record<string, unknown>[]): RuleExamples {
  const found = Object.keys(fields).map((name) => `securityContext.${name}`);
  return container(
    { securityContext: fields },
    found,
    { securityContext: {} },
    ...not.map((one) => ({ securityContext: one })),
  );
}

function mount(
  fields: Record<string, unknown>,
  found: string,
  ...not: Record<string, unknown>[]
): RuleExamples {
  const all = (one: Record<string, unknown>): Fragment => ({
    container: { volumeMounts: [{ name: 'data', mountPath: '/data', ...one }] },
    spec: { volumes: [{ name: 'data', emptyDir: {} }] },
  });
  return {
    asks: [{ ...all(fields), fields: [`container.volumeMounts[0]${found}`] }],
    asksNot: not.map(all),
  };
}

const probe = { httpGet: { path: '/healthz', port: 8080 } };
const exec = { exec: { command: ['sh', '-c', 'true'] } };

/** The volume as the API server adds it to nearly every Pod. */
const tokenVolume = {
  name: 'kube-api-access-7xk2p',
  projected: {
    sources: [
      { serviceAccountToken: { path: 'token', expirationSeconds: 3607 } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [{ path: 'namespace', fieldRef: { fieldPath: 'metadata.namespace' } }] } },
    ],
  },
};
const tokenMount = {
  name: tokenVolume.name,
  mountPath: '/var/run/secrets/kubernetes.io/serviceaccount',
  readOnly: true,
};

const ofFeatures: Readonly<Record<PodFeature, RuleExamples>> = {
  'spec.hostNetwork': spec({ hostNetwork: true }, 'hostNetwork', { hostNetwork: false }),
  'spec.hostPID': spec({ hostPID: true }, 'hostPID', { hostPID: false }),
  'spec.hostIPC': spec({ hostIPC: true }, 'hostIPC', { hostIPC: false }),
  'spec.hostUsers=false': spec({ hostUsers: false }, 'hostUsers', { hostUsers: true }),
  'spec.shareProcessNamespace': spec({ shareProcessNamespace: true }, 'shareProcessNamespace', {
    shareProcessNamespace: false,
  }),
  'spec.hostAliases': spec({ hostAliases: [{ ip: '10.0.0.9', hostnames: ['db'] }] }, 'hostAliases', {
    hostAliases: [],
  }),
  'spec.hostname': {
    asks: [
      { spec: { hostname: 'web', subdomain: 'pods' }, fields: ['spec.hostname', 'spec.subdomain'] },
      { spec: { hostnameOverride: 'web.example.com' }, fields: ['spec.hostnameOverride'] },
    ],
    asksNot: [{ spec: { hostname: '' } }],
  },
  'spec.setHostnameAsFQDN': spec({ setHostnameAsFQDN: true }, 'setHostnameAsFQDN', {
    setHostnameAsFQDN: false,
  }),
  'spec.dnsPolicy': spec({ dnsPolicy: 'Default' }, 'dnsPolicy', { dnsPolicy: 'ClusterFirst' }),
  'spec.dnsConfig': spec({ dnsConfig: { nameservers: ['10.0.0.53'] } }, 'dnsConfig', { dnsConfig: {} }),
  'spec.runtimeClassName': spec({ runtimeClassName: 'gvisor' }, 'runtimeClassName', { runtimeClassName: '' }),
  'spec.overhead': spec({ overhead: { cpu: '250m' } }, 'overhead', { overhead: {} }),
  'spec.resourceClaims': {
    asks: [
      {
        spec: { resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu-0' }] },
        fields: ['spec.resourceClaims'],
      },
      { spec: { resources: { claims: [{ name: 'gpu' }] } }, fields: ['spec.resources.claims'] },
      { container: { resources: { claims: [{ name: 'gpu' }] } }, fields: ['container.resources.claims'] },
    ],
    asksNot: [{ spec: { resourceClaims: [] } }, { container: { resources: { limits: { cpu: '1' } } } }],
  },
  'spec.resources': spec({ resources: { limits: { cpu: '2', memory: '4Gi' } } }, 'resources', {
    resources: {},
  }),
  'spec.readinessGates': spec({ readinessGates: [{ conditionType: 'example.com/lb' }] }, 'readinessGates', {
    readinessGates: [],
  }),
  'spec.imagePullSecrets': spec({ imagePullSecrets: [{ name: 'registry' }] }, 'imagePullSecrets', {
    imagePullSecrets: [],
  }),
  'spec.terminationGracePeriodSeconds': spec(
    { terminationGracePeriodSeconds: 120 },
    'terminationGracePeriodSeconds',
    { terminationGracePeriodSeconds: 30 },
  ),
  'spec.securityContext.runAsUser': podSecurity({ runAsUser: 1000, runAsGroup: 1000 }),
  'spec.securityContext.runAsNonRoot': podSecurity({ runAsNonRoot: true }, { runAsNonRoot: false }),
  'spec.securityContext.fsGroup': podSecurity({ fsGroup: 1000 }),
  'spec.securityContext.supplementalGroups': podSecurity(
    { supplementalGroups: [2000] },
    { supplementalGroups: [] },
  ),
  'spec.securityContext.supplementalGroupsPolicy=Strict': podSecurity(
    { supplementalGroupsPolicy: 'Strict' },
    { supplementalGroupsPolicy: 'Merge' },
  ),
  'spec.securityContext.sysctls': podSecurity(
    { sysctls: [{ name: 'net.core.somaxconn', value: '1024' }] },
    { sysctls: [] },
  ),
  'spec.securityContext.seccompProfile': podSecurity(
    { seccompProfile: { type: 'RuntimeDefault' } },
    { seccompProfile: { type: 'Unconfined' } },
  ),
  'spec.securityContext.appArmorProfile': podSecurity(
    { appArmorProfile: { type: 'RuntimeDefault' } },
    { appArmorProfile: { type: 'Unconfined' } },
  ),
  'spec.securityContext.seLinuxOptions': podSecurity(
    { seLinuxOptions: { level: 's0:c123,c456' } },
    { seLinuxOptions: {} },
  ),
  'spec.securityContext.windowsOptions': podSecurity(
    { windowsOptions: { runAsUserName: 'ContainerUser' } },
    { windowsOptions: {} },
  ),
  'spec.volumes.emptyDir': volume({ emptyDir: {} }),
  'spec.volumes.emptyDir.medium=Memory': {
    asks: [
      {
        spec: { volumes: [{ name: 'data', emptyDir: { medium: 'Memory' } }] },
        fields: ['spec.volumes[0].emptyDir.medium'],
      },
    ],
    asksNot: [{ spec: { volumes: [{ name: 'data', emptyDir: { medium: '' } }] } }],
  },
  'spec.volumes.emptyDir.sizeLimit': volume({ emptyDir: { sizeLimit: '1Gi' } }, 'emptyDir.sizeLimit'),
  'spec.volumes.configMap': volume({ configMap: { name: 'settings' } }),
  'spec.volumes.secret': volume({ secret: { secretName: 'keys' } }),
  'spec.volumes.downwardAPI': volume({
    downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] },
  }),
  'spec.volumes.projected': {
    asks: [
      {
        spec: { volumes: [{ name: 'data', projected: { sources: [{ secret: { name: 'keys' } }] } }] },
        fields: ['spec.volumes[0].projected'],
      },
    ],
    asksNot: [{ spec: { volumes: [tokenVolume] } }],
  },
  'spec.volumes.projected.serviceAccountToken': projection({
    serviceAccountToken: { path: 'vault', audience: 'vault' },
  }),
  'spec.volumes.hostPath': volume({ hostPath: { path: '/var/log' } }),
  'spec.volumes.persistentVolumeClaim': volume({ persistentVolumeClaim: { claimName: 'disk' } }),
  'spec.volumes.ephemeral': volume({
    ephemeral: {
      volumeClaimTemplate: {
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    },
  }),
  'spec.volumes.csi': volume({ csi: { driver: 'secrets-store.csi.k8s.io', readOnly: true } }),
  'spec.volumes.nfs': volume({ nfs: { server: 'nfs.example.com', path: '/export' } }),
  'spec.volumes.image': volume({ image: { reference: 'registry.example.com/models:v1' } }),
  'spec.volumes.other': {
    asks: [
      {
        spec: {
          volumes: [
            { name: 'data', iscsi: { targetPortal: '10.0.0.9', iqn: 'iqn.2026-01.com.example', lun: 0 } },
          ],
        },
        fields: ['spec.volumes[0].iscsi'],
      },
      { spec: { volumes: [{ name: 'data', unheardOf: {} }] }, fields: ['spec.volumes[0].unheardOf'] },
    ],
    asksNot: [{ spec: { volumes: [{ name: 'data', emptyDir: {} }] } }],
  },
  'spec.initContainers': {
    asks: [{ spec: { initContainers: [{ name: 'prepare' }] }, fields: ['spec.initContainers'] }],
    asksNot: [{ spec: { initContainers: [] } }],
  },
  'spec.initContainers.restartPolicy=Always': {
    asks: [
      {
        spec: { initContainers: [{ name: 'proxy', restartPolicy: 'Always' }] },
        fields: ['spec.initContainers[0].restartPolicy'],
      },
    ],
    asksNot: [{ spec: { initContainers: [{ name: 'prepare' }] } }],
  },
  'spec.ephemeralContainers': {
    asks: [{ spec: { ephemeralContainers: [{ name: 'debugger' }] }, fields: ['spec.ephemeralContainers'] }],
    asksNot: [{ spec: { ephemeralContainers: [] } }],
  },
  'container.image': container({ image: 'nginx:1.29' }, 'image', { image: '' }),
  'container.imagePullPolicy': container(
    { image: 'nginx:1.29', imagePullPolicy: 'Always' },
    'imagePullPolicy',
    { image: 'nginx:1.29', imagePullPolicy: 'IfNotPresent' },
    { image: 'nginx', imagePullPolicy: 'Always' },
    { image: 'registry.example.com:5000/nginx', imagePullPolicy: 'Always' },
  ),
  'container.command': container({ command: ['sleep', '60'] }, 'command', { command: [] }),
  'container.args': container({ args: ['--verbose'] }, 'args', { args: [] }),
  'container.workingDir': container({ workingDir: '/srv' }, 'workingDir', { workingDir: '' }),
  'container.env': container({ env: [{ name: 'MODE', value: 'fast' }] }, 'env', { env: [], envFrom: [] }),
  'container.ports.containerPort': container({ ports: [{ containerPort: 8080 }] }, 'ports', { ports: [] }),
  'container.ports.hostPort': {
    asks: [
      {
        container: { ports: [{ containerPort: 8080, hostPort: 80 }] },
        fields: ['container.ports[0].hostPort'],
      },
    ],
    asksNot: [
      { container: { ports: [{ containerPort: 8080 }] } },
      { container: { ports: [{ containerPort: 8080, hostPort: 8080 }] }, spec: { hostNetwork: true } },
    ],
  },
  'container.ports.hostIP': container(
    { ports: [{ containerPort: 8080, hostIP: '127.0.0.1' }] },
    'ports[0].hostIP',
    { ports: [{ containerPort: 8080, hostIP: '' }] },
  ),
  'container.resources.requests': container(
    { resources: { requests: { cpu: '500m' } } },
    'resources.requests',
    {
      resources: { requests: {} },
    },
  ),
  'container.resources.limits.cpu': container(
    { resources: { limits: { cpu: '1' } } },
    'resources.limits[cpu]',
    {
      resources: { limits: { memory: '1Gi' } },
    },
  ),
  'container.resources.limits.memory': container(
    { resources: { limits: { memory: '1Gi' } } },
    'resources.limits[memory]',
    { resources: { limits: { cpu: '1' } } },
  ),
  'container.resources.limits.ephemeral-storage': container(
    { resources: { limits: { 'ephemeral-storage': '1Gi' } } },
    'resources.limits[ephemeral-storage]',
    { resources: { limits: { memory: '1Gi' } } },
  ),
  'container.resources.hugepages': container(
    { resources: { limits: { 'hugepages-2Mi': '64Mi' } } },
    'resources.limits[hugepages-2Mi]',
    { resources: { limits: { memory: '1Gi' } } },
  ),
  'container.resources.extended': container(
    { resources: { limits: { 'nvidia.com/gpu': '1' } } },
    'resources.limits[nvidia.com/gpu]',
    { resources: { limits: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' } } },
  ),
  'container.resizePolicy': container(
    { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'RestartContainer' }] },
    'resizePolicy[0]',
    { resizePolicy: [{ resourceName: 'memory', restartPolicy: 'NotRequired' }] },
  ),
  'container.restartPolicy': {
    asks: [{ container: { restartPolicy: 'Never' }, fields: ['container.restartPolicy'] }],
    asksNot: [{ spec: { initContainers: [{ name: 'proxy', restartPolicy: 'Always' }] } }],
  },
  'container.restartPolicyRules': container(
    {
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
    },
    'restartPolicyRules',
    { restartPolicyRules: [] },
  ),
  'container.volumeMounts': {
    asks: mount({}, '').asks,
    asksNot: [
      { container: { volumeMounts: [] } },
      { container: { volumeMounts: [tokenMount] }, spec: { volumes: [tokenVolume] } },
    ],
  },
  'container.volumeMounts.subPath': mount({ subPath: 'logs' }, '.subPath', { subPath: '' }),
  'container.volumeMounts.mountPropagation': mount(
    { mountPropagation: 'Bidirectional' },
    '.mountPropagation',
    {
      mountPropagation: 'None',
    },
  ),
  'container.volumeMounts.recursiveReadOnly': mount(
    { readOnly: true, recursiveReadOnly: 'Enabled' },
    '.recursiveReadOnly',
    { readOnly: true, recursiveReadOnly: 'Disabled' },
    { readOnly: true, recursiveReadOnly: 'IfPossible' },
  ),
  'container.volumeMounts.serviceAccountToken': {
    asks: [
      {
        container: { volumeMounts: [tokenMount] },
        spec: { volumes: [tokenVolume] },
        fields: ['container.volumeMounts[0]'],
      },
    ],
    asksNot: [
      mount({}, '').asks[0] ?? {},
      {
        container: { volumeMounts: [{ ...tokenMount, mountPath: '/token' }] },
        spec: { volumes: [tokenVolume] },
      },
    ],
  },
  'container.volumeDevices': container(
    { volumeDevices: [{ name: 'disk', devicePath: '/dev/xvda' }] },
    'volumeDevices',
    { volumeDevices: [] },
  ),
  'container.livenessProbe': container({ livenessProbe: probe }, 'livenessProbe', { readinessProbe: probe }),
  'container.readinessProbe': container({ readinessProbe: probe }, 'readinessProbe', {
    livenessProbe: probe,
  }),
  'container.startupProbe': container({ startupProbe: probe }, 'startupProbe', { livenessProbe: probe }),
  'container.probe.exec': container({ livenessProbe: exec }, 'livenessProbe.exec', { livenessProbe: probe }),
  'container.probe.httpGet': container({ readinessProbe: probe }, 'readinessProbe.httpGet', {
    readinessProbe: exec,
  }),
  'container.probe.tcpSocket': container(
    { readinessProbe: { tcpSocket: { port: 5432 } } },
    'readinessProbe.tcpSocket',
    { readinessProbe: probe },
  ),
  'container.probe.grpc': container({ startupProbe: { grpc: { port: 9000 } } }, 'startupProbe.grpc', {
    startupProbe: probe,
  }),
  'container.lifecycle.postStart': container({ lifecycle: { postStart: exec } }, 'lifecycle.postStart', {
    lifecycle: { preStop: exec },
  }),
  'container.lifecycle.preStop': container({ lifecycle: { preStop: exec } }, 'lifecycle.preStop', {
    lifecycle: { postStart: exec },
  }),
  'container.lifecycle.stopSignal': container(
    { lifecycle: { stopSignal: 'SIGUSR1' } },
    'lifecycle.stopSignal',
    {
      lifecycle: {},
    },
  ),
  'container.terminationMessagePath': container(
    { terminationMessagePath: '/tmp/result' },
    'terminationMessagePath',
    { terminationMessagePath: '/dev/termination-log' },
  ),
  'container.terminationMessagePolicy=FallbackToLogsOnError': container(
    { terminationMessagePolicy: 'FallbackToLogsOnError' },
    'terminationMessagePolicy',
    { terminationMessagePolicy: 'File' },
  ),
  'container.securityContext.privileged': security({ privileged: true }, { privileged: false }),
  'container.securityContext.runAsUser': security({ runAsUser: 1000, runAsGroup: 1000 }),
  'container.securityContext.runAsNonRoot': security({ runAsNonRoot: true }, { runAsNonRoot: false }),
  'container.securityContext.runAsNonRoot.imageUser': {
    asks: [
      {
        container: { securityContext: { runAsNonRoot: true } },
        fields: ['container.securityContext.runAsNonRoot'],
      },
      {
        container: { securityContext: { runAsNonRoot: true, runAsUser: undefined } },
        spec: { securityContext: { runAsNonRoot: false } },
        fields: ['container.securityContext.runAsNonRoot'],
      },
    ],
    asksNot: [
      { container: { securityContext: { runAsNonRoot: true, runAsUser: 1000 } } },
      {
        container: { securityContext: { runAsNonRoot: true } },
        spec: { securityContext: { runAsUser: 1000 } },
      },
      {
        container: { securityContext: { runAsNonRoot: false } },
        spec: { securityContext: { runAsNonRoot: false } },
      },
    ],
  },
  'container.securityContext.capabilities.add': container(
    { securityContext: { capabilities: { add: ['NET_ADMIN'] } } },
    'securityContext.capabilities.add',
    { securityContext: { capabilities: { add: [] } } },
  ),
  'container.securityContext.capabilities.drop': container(
    { securityContext: { capabilities: { drop: ['ALL'] } } },
    'securityContext.capabilities.drop',
    { securityContext: { capabilities: { drop: [] } } },
  ),
  'container.securityContext.readOnlyRootFilesystem': security(
    { readOnlyRootFilesystem: true },
    { readOnlyRootFilesystem: false },
  ),
  'container.securityContext.allowPrivilegeEscalation=false': security(
    { allowPrivilegeEscalation: false },
    { allowPrivilegeEscalation: true },
  ),
  'container.securityContext.seccompProfile': security(
    { seccompProfile: { type: 'RuntimeDefault' } },
    { seccompProfile: { type: 'Unconfined' } },
  ),
  'container.securityContext.appArmorProfile': security(
    { appArmorProfile: { type: 'RuntimeDefault' } },
    { appArmorProfile: { type: 'Unconfined' } },
  ),
  'container.securityContext.seLinuxOptions': security(
    { seLinuxOptions: { level: 's0:c123,c456' } },
    { seLinuxOptions: {} },
  ),
  'container.securityContext.procMount': security({ procMount: 'Unmasked' }, { procMount: 'Default' }),
  'container.securityContext.windowsOptions': security(
    { windowsOptions: { hostProcess: true } },
    { windowsOptions: {} },
  ),
  'container.stdin': container({ stdin: true, stdinOnce: true }, ['stdin', 'stdinOnce'], { stdin: false }),
  'container.tty': container({ tty: true }, 'tty', { tty: false }),
};

const ofTheNode: Readonly<Record<string, RuleExamples>> = {
  DaemonSet: {
    asks: [
      {
        metadata: {
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'DaemonSet', name: 'agent', uid: 'd-1', controller: true },
          ],
        },
        fields: ['metadata.ownerReferences[0]'],
      },
    ],
    asksNot: [
      {
        metadata: {
          ownerReferences: [
            { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'r-1', controller: true },
          ],
        },
      },
    ],
  },
  'lifecycle.tcpSocket': container(
    { lifecycle: { preStop: { tcpSocket: { port: 9000 } } } },
    'lifecycle.preStop.tcpSocket',
    { lifecycle: { preStop: exec } },
  ),
  'env.valueFrom.fileKeyRef': container(
    {
      env: [{ name: 'TOKEN', valueFrom: { fileKeyRef: { volumeName: 'data', path: 'env', key: 'TOKEN' } } }],
    },
    'env[0].valueFrom.fileKeyRef',
    { env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } }] },
  ),
  'projected.clusterTrustBundle': projection({
    clusterTrustBundle: { name: 'example.com:ca', path: 'ca.crt' },
  }),
  'projected.podCertificate': projection({
    podCertificate: { signerName: 'example.com/signer', keyType: 'ED25519', credentialBundlePath: 'tls.pem' },
  }),
};

/** By subject of the rule. */
export const examples: Readonly<Record<string, RuleExamples>> = { ...ofFeatures, ...ofTheNode };
