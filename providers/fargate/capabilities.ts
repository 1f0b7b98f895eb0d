import type { Capabilities, SecretExposure, Support } from '../contract/capabilities.ts';
import { emulated, honoured, refused, secretWays } from '../contract/capabilities.ts';
import type { FargateOptions } from './options.ts';

const realNode = 'run the Pod on a real node';

/** The API of ECS has no field for it, or not on Fargate. */
function noField(what: string, instead = `remove it, or ${realNode}`): Support {
  return refused(`ECS on Fargate ${what}`, instead);
}

const noHost = (field: string): Support =>
  noField('lends nothing of its hosts', `remove ${field}, or ${realNode}`);
const noStorage = refused(
  'the volumes of a task are made for it and go with it',
  `use emptyDir, configMap or secret volumes, or ${realNode}`,
);
const noWindows = refused('tasks run Linux containers', 'remove windowsOptions');
const execOnly = noField(
  'runs health checks as commands inside the container, and no others',
  'use an exec probe, such as wget -q -O /dev/null http://localhost:8080/healthz',
);
const noHooks = noField('has no lifecycle hooks', 'let the program handle SIGTERM, or remove the hook');
const noSecurityOptions = noField('takes no security options', `remove it, or ${realNode}`);

/** Needs a helper container; without its image a Pod that asks for it is refused before anything is created. */
function withHelper(helperImage: string | undefined, how: string): Support {
  if (helperImage !== undefined) return emulated(how);
  return refused(
    'ECS has nothing in which a task could be given files, and the provider option helperImage names no image that could write them',
    'set helperImage (docs/guides/burst-to-fargate.md), or set automountServiceAccountToken: false and remove the volume',
  );
}

type SecretStoreKind = FargateOptions['secretStore'];

/** Of values of Secrets. */
const whoReads: Readonly<Record<SecretStoreKind, string>> = {
  none: 'values of Secrets can be read with ecs:DescribeTasks until the task is forgotten, unless secretStore is set',
  secretsmanager: 'values of Secrets come from AWS Secrets Manager, and ECS knows only their names there',
};

const writtenOnce: Readonly<Record<SecretStoreKind, string>> = {
  none: 'from compressed variables of the run (8,192 characters in all with secrets, 48 KiB without)',
  secretsmanager:
    'from compressed variables (48 KiB in all), with anything secret in it from stored secrets (64 KiB each, eight of them for a Pod)',
};

const exposesSecrets: SecretExposure = {
  ways: secretWays,
  text: 'whoever may call ecs:DescribeTasks in the cluster can read the values of these Secrets, until about an hour after the task has ended: set the provider option secretStore to secretsmanager',
};

/** Of a token, which no two Pods share. */
const ofItsOwn: Readonly<Record<SecretStoreKind, string>> = {
  none: '',
  secretsmanager:
    '; a Pod with a token has a stored secret and a task definition of its own, and ECS registers one definition per second',
};

const secretArguments: Readonly<Record<SecretStoreKind, Support>> = {
  none: honoured,
  secretsmanager: emulated(
    'as on a node, but for $(NAME) of a variable with a value of a Secret, which is refused when the task is made',
  ),
};

/** ECS takes the credentials of a registry from Secrets Manager alone. */
const pullSecrets: Readonly<Record<SecretStoreKind, Support>> = {
  none: noField(
    'takes credentials of registries only from AWS Secrets Manager',
    'set secretStore: secretsmanager, or use ECR with executionRoleArn or a pull-through cache of ECR, and remove imagePullSecrets',
  ),
  secretsmanager: emulated(
    'kept in AWS Secrets Manager; of several credentials that fit an image the most precise is used, and no other is tried',
  ),
};

/** What a task on Fargate can be of a Pod. */
export function fargateCapabilities({
  helperImage,
  architecture,
  secretStore,
}: Pick<FargateOptions, 'helperImage' | 'architecture' | 'secretStore'>): Capabilities {
  const files = withHelper(
    helperImage,
    `written by a helper container before the others start, ${writtenOnce[secretStore]}; not refreshed while the Pod runs; ${whoReads[secretStore]}`,
  );
  const token = withHelper(
    helperImage,
    `written once by a helper container, and not renewed: it is valid as long as the API server says (a year for the token that is mounted by itself, unless --service-account-extend-token-expiration=false)${ofItsOwn[secretStore]}`,
  );
  return {
    os: ['linux'],
    arch: [architecture === 'ARM64' ? 'arm64' : 'amd64'],
    needsCommand: false,
    retainsStopped: true,
    ...(secretStore === 'none' && { exposesSecrets }),
    features: {
      'spec.hostNetwork': noHost('hostNetwork'),
      'spec.hostPID': noHost('hostPID'),
      'spec.hostIPC': noHost('hostIPC'),
      'spec.hostUsers=false': noHost('hostUsers'),
      'spec.shareProcessNamespace': honoured,
      'spec.hostAliases': noField('writes no lines into /etc/hosts', 'use names that DNS knows'),
      'spec.hostname': emulated(
        'the variable HOSTNAME has it; the kernel and DNS do not: the host name of a task is its address',
      ),
      'spec.setHostnameAsFQDN': noField('gives a task its host name', 'remove setHostnameAsFQDN'),
      'spec.dnsPolicy': emulated(
        'tasks ask the resolver of the VPC; names of Services are found only if it knows them',
      ),
      'spec.dnsConfig': noField(
        'has only the resolver of the VPC',
        'remove dnsConfig, and set a DHCP option set or resolver rules in the VPC',
      ),
      'spec.runtimeClassName': noField('has one runtime', 'remove runtimeClassName'),
      'spec.overhead': emulated('counted when Pods are placed; the size is chosen without it'),
      'spec.resourceClaims': noField('has no devices'),
      'spec.resources': emulated('counted when Pods are placed; the size is chosen from the containers'),
      'spec.readinessGates': honoured,
      'spec.imagePullSecrets': pullSecrets[secretStore],
      'spec.terminationGracePeriodSeconds': emulated(
        'from 2 to 120 seconds, which is the most that Fargate gives; fixed when the task is made, so kubectl delete --grace-period does not change it',
      ),
      'spec.securityContext.runAsUser': honoured,
      'spec.securityContext.runAsNonRoot': honoured,
      'spec.securityContext.fsGroup': noField(
        'mounts volumes that belong to root',
        'remove fsGroup, and let an init container change the owner of emptyDir volumes',
      ),
      'spec.securityContext.supplementalGroups': noField('gives a process one group'),
      'spec.securityContext.supplementalGroupsPolicy=Strict': noField('gives a process one group'),
      'spec.securityContext.sysctls': emulated(
        'passed on as systemControls; ECS refuses what it does not allow',
      ),
      'spec.securityContext.seccompProfile': emulated(
        "RuntimeDefault is Fargate's own profile, and each task has a virtual machine to itself; Localhost is refused when the task is made",
      ),
      'spec.securityContext.appArmorProfile': noSecurityOptions,
      'spec.securityContext.seLinuxOptions': noSecurityOptions,
      'spec.securityContext.windowsOptions': noWindows,
      'spec.volumes.emptyDir': honoured,
      'spec.volumes.emptyDir.medium=Memory': noField('mounts no tmpfs', 'remove medium: Memory'),
      'spec.volumes.emptyDir.sizeLimit': emulated(
        'not enforced: all containers of a task share its ephemeral storage, and the Pod is not evicted',
      ),
      'spec.volumes.configMap': files,
      'spec.volumes.secret': files,
      'spec.volumes.downwardAPI': files,
      'spec.volumes.projected': files,
      'spec.volumes.projected.serviceAccountToken': token,
      'spec.volumes.hostPath': noHost('the hostPath volume'),
      'spec.volumes.persistentVolumeClaim': noStorage,
      'spec.volumes.ephemeral': noStorage,
      'spec.volumes.csi': noStorage,
      'spec.volumes.nfs': noStorage,
      'spec.volumes.image': noStorage,
      'spec.volumes.other': noStorage,
      'spec.initContainers': emulated(
        'run one by one before the others; one that fails is not started again: the Pod fails',
      ),
      'spec.initContainers.restartPolicy=Always': emulated(
        'a sidecar that ends after less than a minute is not started again; it counts as started when it runs',
      ),
      'spec.ephemeralContainers': noField(
        'adds no container to a task',
        'use kubectl logs, or a copy of the Pod',
      ),
      'container.image': honoured,
      'container.imagePullPolicy': emulated(
        'every task pulls its images; Never is refused when the task is made',
      ),
      'container.command': secretArguments[secretStore],
      'container.args': secretArguments[secretStore],
      'container.workingDir': honoured,
      'container.env': emulated(
        `variables of the run of a task; ${whoReads[secretStore]}, and they are never written into a task definition; status.podIP is refused when the task is made`,
      ),
      'container.ports.containerPort': honoured,
      'container.ports.hostPort': noHost('hostPort'),
      'container.ports.hostIP': noHost('hostIP'),
      'container.resources.requests': honoured,
      'container.resources.limits.cpu': emulated('the size of the task is the limit of all its containers'),
      'container.resources.limits.memory': emulated('as on a node, but never more than the task has'),
      'container.resources.limits.ephemeral-storage': emulated(
        'not enforced: all containers of a task share its ephemeral storage, which is sized by the requests (20 to 200 GiB)',
      ),
      'container.resources.hugepages': noField('has no huge pages'),
      'container.resources.extended': noField('has no devices, so no GPU', `remove it, or ${realNode}`),
      'container.resizePolicy': emulated('accepted; a running task is not resized'),
      'container.restartPolicy': noField('starts all containers of a Pod again by one policy here'),
      'container.restartPolicyRules': noField('knows exit codes to ignore, but no rules'),
      'container.volumeMounts': honoured,
      'container.volumeMounts.subPath': noField(
        'mounts whole volumes',
        'mount the whole volume in a folder of its own',
      ),
      'container.volumeMounts.mountPropagation': noHost('mountPropagation'),
      'container.volumeMounts.recursiveReadOnly': noField('has no such mounts'),
      'container.volumeMounts.serviceAccountToken': token,
      'container.volumeDevices': noStorage,
      'container.livenessProbe': emulated(
        'the health check of the container; when it fails the whole task is stopped and the Pod fails, so that its controller makes another. Periods are brought into the bounds of ECS (every 5 to 300 s, 1 to 10 failures)',
      ),
      'container.readinessProbe': emulated(
        'the health check of the container: with a livenessProbe both must have the same command. Periods are brought into the bounds of ECS',
      ),
      'container.startupProbe': noField(
        'has one health check per container',
        'remove it and give the livenessProbe initialDelaySeconds (up to 300)',
      ),
      'container.probe.exec': honoured,
      'container.probe.httpGet': execOnly,
      'container.probe.tcpSocket': execOnly,
      'container.probe.grpc': execOnly,
      'container.lifecycle.postStart': noHooks,
      'container.lifecycle.preStop': noHooks,
      'container.lifecycle.stopSignal': noField('sends SIGTERM', 'set STOPSIGNAL in the image'),
      'container.terminationMessagePath': emulated('not read; the message is what ECS says of the end'),
      'container.terminationMessagePolicy=FallbackToLogsOnError': emulated(
        'not followed; kubectl logs shows the last lines',
      ),
      'container.securityContext.privileged': noHost('privileged'),
      'container.securityContext.runAsUser': honoured,
      'container.securityContext.runAsNonRoot': honoured,
      'container.securityContext.runAsNonRoot.imageUser': noField(
        'does not say which user an image has',
        'set runAsUser to a number other than 0',
      ),
      'container.securityContext.capabilities.add': emulated(
        'SYS_PTRACE, and what a container has by default stays with it whatever is dropped; others are refused when the task is made',
      ),
      'container.securityContext.capabilities.drop': honoured,
      'container.securityContext.readOnlyRootFilesystem': honoured,
      'container.securityContext.allowPrivilegeEscalation=false': noField(
        'cannot forbid it',
        'remove it: drop all capabilities and use runAsUser instead; each task has a virtual machine to itself',
      ),
      'container.securityContext.seccompProfile': emulated(
        "RuntimeDefault is Fargate's own profile, and each task has a virtual machine to itself; Localhost is refused when the task is made",
      ),
      'container.securityContext.appArmorProfile': noSecurityOptions,
      'container.securityContext.seLinuxOptions': noSecurityOptions,
      'container.securityContext.procMount': noSecurityOptions,
      'container.securityContext.windowsOptions': noWindows,
      'container.stdin': emulated('held open; nothing can be written to it'),
      'container.tty': honoured,
    },
  };
}
