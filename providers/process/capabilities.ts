import type { Capabilities, Support } from '../contract/capabilities.ts';
import { emulated, honoured, refused } from '../contract/capabilities.ts';

const realContainers = 'use a provider that runs containers';

function hostProcess(why: string, instead: string): Support {
  return refused(`a host process ${why}`, instead);
}

const noMounts = hostProcess(
  'has no mount namespace, so nothing can be mounted at a path of its own',
  'pass small values as environment variables (env, envFrom), or use a provider that runs containers',
);
const noStorage = hostProcess('is given no storage', realContainers);
const unusedVolume = emulated('accepted as long as no container mounts it; a mount is refused');
const ownUser = hostProcess(
  'runs as the user of the daemon',
  'leave the field out and run the daemon as that user, or use a provider that runs containers',
);

function notConfined(field: string): Support {
  return hostProcess(
    'is not confined: it has the rights of the daemon',
    `remove ${field}, or ${realContainers}`,
  );
}

const noDevices = hostProcess('is given no devices', `remove them, or ${realContainers}`);
const ownPorts = hostProcess(
  'binds its ports itself; nothing is forwarded to it',
  'remove the field and bind to the address in POD_IP',
);
const notEnforced = emulated('counted when Pods are placed, not enforced: the process may use more');
const noMessage = emulated('not read: the termination message stays empty, the log has what was printed');

/** What host processes can and cannot be: no image, no isolation, no mounts; real processes, logs, probes and signals. */
export const processCapabilities: Capabilities = {
  features: {
    'spec.hostNetwork': refused(
      'every Pod has an address of its own, and the node none to lend',
      'remove hostNetwork and listen on the Pod IP, or run the Pod on a real node',
    ),
    'spec.hostPID': refused(
      'the node promises no process namespace to share',
      'remove hostPID, or run the Pod on a real node',
    ),
    'spec.hostIPC': refused(
      'the node promises no IPC namespace to share',
      'remove hostIPC, or run the Pod on a real node',
    ),
    'spec.hostUsers=false': hostProcess(
      'has no user namespace of its own',
      `remove hostUsers, or ${realContainers}`,
    ),
    'spec.shareProcessNamespace': emulated('all processes of the host see each other'),
    'spec.hostAliases': hostProcess(
      'reads the /etc/hosts of the host',
      'add the names to the /etc/hosts of the host',
    ),
    'spec.hostname': emulated('set as HOSTNAME in the environment; the host keeps its own name'),
    'spec.setHostnameAsFQDN': hostProcess('has no host name of its own', 'remove setHostnameAsFQDN'),
    'spec.dnsPolicy': emulated('names are resolved as on the host; names of Services are not'),
    'spec.dnsConfig': hostProcess(
      'reads the /etc/resolv.conf of the host',
      'configure the resolver of the host',
    ),
    'spec.runtimeClassName': hostProcess('has no runtime handler', 'remove runtimeClassName'),
    'spec.overhead': emulated('counted when Pods are placed'),
    'spec.resourceClaims': noDevices,
    'spec.resources': notEnforced,
    'spec.readinessGates': honoured,
    'spec.imagePullSecrets': emulated('accepted; no image is pulled'),
    'spec.terminationGracePeriodSeconds': honoured,
    'spec.securityContext.runAsUser': ownUser,
    'spec.securityContext.runAsNonRoot': ownUser,
    'spec.securityContext.fsGroup': emulated('accepted; there are no volumes whose group it would set'),
    'spec.securityContext.supplementalGroups': ownUser,
    'spec.securityContext.supplementalGroupsPolicy=Strict': ownUser,
    'spec.securityContext.sysctls': hostProcess('shares the kernel settings of the host', 'remove sysctls'),
    'spec.securityContext.seccompProfile': notConfined('seccompProfile'),
    'spec.securityContext.appArmorProfile': notConfined('appArmorProfile'),
    'spec.securityContext.seLinuxOptions': notConfined('seLinuxOptions'),
    'spec.securityContext.windowsOptions': hostProcess('is no Windows container', 'remove windowsOptions'),
    'spec.volumes.emptyDir': unusedVolume,
    'spec.volumes.emptyDir.medium=Memory': unusedVolume,
    'spec.volumes.emptyDir.sizeLimit': unusedVolume,
    'spec.volumes.configMap': unusedVolume,
    'spec.volumes.secret': unusedVolume,
    'spec.volumes.downwardAPI': unusedVolume,
    'spec.volumes.projected': unusedVolume,
    'spec.volumes.projected.serviceAccountToken': unusedVolume,
    'spec.volumes.hostPath': hostProcess(
      'has no mount namespace, so nothing can be mounted at a path of its own',
      'use the path of the host itself: the process sees it',
    ),
    'spec.volumes.persistentVolumeClaim': noStorage,
    'spec.volumes.ephemeral': noStorage,
    'spec.volumes.csi': noStorage,
    'spec.volumes.nfs': noStorage,
    'spec.volumes.image': noStorage,
    'spec.volumes.other': noStorage,
    'spec.initContainers': honoured,
    'spec.initContainers.restartPolicy=Always': honoured,
    'spec.ephemeralContainers': emulated(
      'a process beside the others: with or without targetContainerName it sees all processes of the host and the files of the host',
    ),
    'container.image': emulated('names no files: the command is run as found on the host'),
    'container.imagePullPolicy': emulated('accepted; no image is pulled'),
    'container.command': honoured,
    'container.args': honoured,
    'container.workingDir': emulated('a folder of the host; without it a fresh private one'),
    'container.env': emulated(
      'exactly the variables of the container, and BURSTLET_CONTAINER_ID; PATH, HOME, HOSTNAME and POD_IP where it does not set them',
    ),
    'container.ports.containerPort': emulated(
      'a server must bind to the address of its Pod (POD_IP): one that binds to 0.0.0.0 takes the port of all Pods and of the host',
    ),
    'container.ports.hostPort': ownPorts,
    'container.ports.hostIP': ownPorts,
    'container.resources.requests': emulated('counted when Pods are placed, not reserved'),
    'container.resources.limits.cpu': notEnforced,
    'container.resources.limits.memory': notEnforced,
    'container.resources.limits.ephemeral-storage': notEnforced,
    'container.resources.hugepages': noDevices,
    'container.resources.extended': noDevices,
    'container.resizePolicy': emulated('accepted; limits are not enforced'),
    'container.restartPolicy': honoured,
    'container.restartPolicyRules': honoured,
    'container.volumeMounts': noMounts,
    'container.volumeMounts.subPath': noMounts,
    'container.volumeMounts.mountPropagation': noMounts,
    'container.volumeMounts.recursiveReadOnly': noMounts,
    'container.volumeMounts.serviceAccountToken': hostProcess(
      'has no mount namespace for the token that the API server adds to every Pod',
      'set spec.automountServiceAccountToken: false in the Pod, or automountServiceAccountToken: false in its ServiceAccount',
    ),
    'container.volumeDevices': noDevices,
    'container.livenessProbe': honoured,
    'container.readinessProbe': honoured,
    'container.startupProbe': honoured,
    'container.probe.exec': honoured,
    'container.probe.httpGet': honoured,
    'container.probe.tcpSocket': honoured,
    'container.probe.grpc': honoured,
    'container.lifecycle.postStart': honoured,
    'container.lifecycle.preStop': honoured,
    'container.lifecycle.stopSignal': refused(
      'a stop is always SIGTERM, then SIGKILL',
      'trap SIGTERM in the command',
    ),
    'container.terminationMessagePath': noMessage,
    'container.terminationMessagePolicy=FallbackToLogsOnError': noMessage,
    'container.securityContext.privileged': notConfined('privileged'),
    'container.securityContext.runAsUser': ownUser,
    'container.securityContext.runAsNonRoot': ownUser,
    'container.securityContext.runAsNonRoot.imageUser': ownUser,
    'container.securityContext.capabilities.add': notConfined('capabilities'),
    'container.securityContext.capabilities.drop': notConfined('capabilities'),
    'container.securityContext.readOnlyRootFilesystem': notConfined('readOnlyRootFilesystem'),
    'container.securityContext.allowPrivilegeEscalation=false': notConfined('allowPrivilegeEscalation'),
    'container.securityContext.seccompProfile': notConfined('seccompProfile'),
    'container.securityContext.appArmorProfile': notConfined('appArmorProfile'),
    'container.securityContext.seLinuxOptions': notConfined('seLinuxOptions'),
    'container.securityContext.procMount': notConfined('procMount'),
    'container.securityContext.windowsOptions': hostProcess(
      'is no Windows container',
      'remove windowsOptions',
    ),
    'container.stdin': honoured,
    'container.tty': emulated(
      'a terminal of the host, on Linux with perl or python3 (elsewhere tty is refused); it hangs up when the shim of the Pod is killed',
    ),
  },
  os: [process.platform === 'darwin' ? 'darwin' : 'linux'],
  arch: [architecture(process.arch)],
  images: {
    repositories: ['burstlet.dev/host'],
    why: 'the process provider has no images: it runs commands that are on the host',
    instead: `use the image burstlet.dev/host with an explicit command, or ${realContainers}`,
  },
  needsCommand: true,
  retainsStopped: true,
};

/** The same where terminals cannot be made (terminal-helper.ts). */
export const capabilitiesWithoutTerminal: Capabilities = {
  ...processCapabilities,
  features: {
    ...processCapabilities.features,
    'container.tty': hostProcess(
      'has no terminal here: that takes Linux with perl or python3',
      `install one of them on the host, remove tty, or ${realContainers}`,
    ),
  },
};

/** Go's name, which `kubernetes.io/arch` uses, for Node's. */
function architecture(arch: string): string {
  return { x64: 'amd64', ia32: '386' }[arch] ?? arch;
}
