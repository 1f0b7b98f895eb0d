import type { Capabilities, Support } from '../contract/capabilities.ts';
import { emulated, honoured, refused } from '../contract/capabilities.ts';

const realNode = 'run the Pod on a real node';

/** What the engine could do, and an instance specification has no place for. */
function notPassedOn(field: string): Support {
  return refused(`${field} is not passed on to the container engine`, `remove ${field}, or ${realNode}`);
}

/** Options that an engine on a machine without the module passes over, as a kubelet there does. */
function whereThereIs(module: string): Support {
  return emulated(`passed on to the engine; has its effect where that machine has ${module}`);
}

const seccomp = emulated(
  "RuntimeDefault is the engine's own profile; a container with a Localhost profile waits with CreateContainerError",
);
const noStorage = refused(
  'storage of a cluster cannot be attached to the containers of the engine',
  `use emptyDir, configMap or secret volumes, or ${realNode}`,
);
const noWindows = refused('the engine runs Linux containers', 'remove windowsOptions');
const noPorts = refused(
  'Pods are reached at their own address; no port of the machine is given to them',
  'remove the field and use the Pod IP',
);

/**
 * What containers of a Docker engine can and cannot be. `remote`: the engine may be on another machine, where folders of
 * this one cannot be mounted.
 */
export function dockerCapabilities(remote: boolean): Capabilities {
  const files: Support = remote
    ? refused(
        'the engine is reached over the network and cannot mount files of this machine',
        'run Burstlet on the machine of the engine and use its socket (host: unix:///var/run/docker.sock), or set automountServiceAccountToken: false and remove the volume',
      )
    : honoured;
  return {
    features: {
      'spec.hostNetwork': refused(
        'every Pod has an address of its own, and the node none to lend',
        `remove hostNetwork, or ${realNode}`,
      ),
      'spec.hostPID': refused(
        'the node promises no process namespace to share',
        `remove hostPID, or ${realNode}`,
      ),
      'spec.hostIPC': refused(
        'the node promises no IPC namespace to share',
        `remove hostIPC, or ${realNode}`,
      ),
      'spec.hostUsers=false': refused(
        'the engine has one user namespace for all containers',
        `remove hostUsers, or ${realNode}`,
      ),
      'spec.shareProcessNamespace': honoured,
      'spec.hostAliases': honoured,
      'spec.hostname': honoured,
      'spec.setHostnameAsFQDN': honoured,
      'spec.dnsPolicy': emulated(
        'the name servers of the node are written into the container; Services are reached only if they are reachable from the machine of the engine',
      ),
      'spec.dnsConfig': honoured,
      'spec.runtimeClassName': notPassedOn('runtimeClassName'),
      'spec.overhead': emulated('counted when Pods are placed'),
      'spec.resourceClaims': notPassedOn('resourceClaims'),
      'spec.resources': emulated('counted when Pods are placed; limits are those of the containers'),
      'spec.readinessGates': honoured,
      'spec.imagePullSecrets': honoured,
      'spec.terminationGracePeriodSeconds': honoured,
      'spec.securityContext.runAsUser': honoured,
      'spec.securityContext.runAsNonRoot': honoured,
      'spec.securityContext.fsGroup': honoured,
      'spec.securityContext.supplementalGroups': honoured,
      'spec.securityContext.supplementalGroupsPolicy=Strict': notPassedOn('supplementalGroupsPolicy'),
      'spec.securityContext.sysctls': honoured,
      'spec.securityContext.seccompProfile': seccomp,
      'spec.securityContext.appArmorProfile': whereThereIs('AppArmor'),
      'spec.securityContext.seLinuxOptions': whereThereIs('SELinux'),
      'spec.securityContext.windowsOptions': noWindows,
      'spec.volumes.emptyDir': files,
      'spec.volumes.emptyDir.medium=Memory': honoured,
      'spec.volumes.emptyDir.sizeLimit': honoured,
      'spec.volumes.configMap': files,
      'spec.volumes.secret': files,
      'spec.volumes.downwardAPI': files,
      'spec.volumes.projected': files,
      'spec.volumes.projected.serviceAccountToken': files,
      'spec.volumes.hostPath': refused(
        'a virtual node has no file system to lend',
        `use an emptyDir volume, or ${realNode}`,
      ),
      'spec.volumes.persistentVolumeClaim': noStorage,
      'spec.volumes.ephemeral': noStorage,
      'spec.volumes.csi': noStorage,
      'spec.volumes.nfs': noStorage,
      'spec.volumes.image': noStorage,
      'spec.volumes.other': noStorage,
      'spec.initContainers': honoured,
      'spec.initContainers.restartPolicy=Always': honoured,
      'spec.ephemeralContainers': honoured,
      'container.image': honoured,
      'container.imagePullPolicy': honoured,
      'container.command': honoured,
      'container.args': honoured,
      'container.workingDir': honoured,
      'container.env': honoured,
      'container.ports.containerPort': honoured,
      'container.ports.hostPort': noPorts,
      'container.ports.hostIP': noPorts,
      'container.resources.requests': honoured,
      'container.resources.limits.cpu': honoured,
      'container.resources.limits.memory': emulated(
        'as on a node, but never less than the 6 MiB of the engine',
      ),
      'container.resources.limits.ephemeral-storage': remote
        ? emulated('as on a node, but logs are not counted: those of a remote engine cannot be looked at')
        : honoured,
      'container.resources.hugepages': notPassedOn('hugepages'),
      'container.resources.extended': emulated(
        'nvidia.com/gpu becomes a device request of the engine (provider option gpus says how many there are); others are refused when the container starts',
      ),
      'container.resizePolicy': emulated('accepted; a running container is not resized'),
      'container.restartPolicy': honoured,
      'container.restartPolicyRules': honoured,
      'container.volumeMounts': honoured,
      'container.volumeMounts.subPath': remote
        ? refused(
            'the engine is reached over the network, and its folders cannot be looked into',
            'run Burstlet on the machine of the engine, or mount the whole volume',
          )
        : emulated(
            'resolved when the container starts; another container of the Pod that can write there could exchange it in that moment',
          ),
      'container.volumeMounts.mountPropagation': notPassedOn('mountPropagation'),
      'container.volumeMounts.recursiveReadOnly': notPassedOn('recursiveReadOnly'),
      'container.volumeMounts.serviceAccountToken': files,
      'container.volumeDevices': noStorage,
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
        'a stop is always the stop signal of the image, then SIGKILL',
        'set STOPSIGNAL in the image',
      ),
      'container.terminationMessagePath': remote
        ? emulated('not read: the engine is reached over the network; FallbackToLogsOnError works')
        : honoured,
      'container.terminationMessagePolicy=FallbackToLogsOnError': honoured,
      'container.securityContext.privileged': notPassedOn('privileged'),
      'container.securityContext.runAsUser': honoured,
      'container.securityContext.runAsNonRoot': honoured,
      'container.securityContext.runAsNonRoot.imageUser': honoured,
      'container.securityContext.capabilities.add': honoured,
      'container.securityContext.capabilities.drop': honoured,
      'container.securityContext.readOnlyRootFilesystem': honoured,
      'container.securityContext.allowPrivilegeEscalation=false': honoured,
      'container.securityContext.seccompProfile': seccomp,
      'container.securityContext.appArmorProfile': whereThereIs('AppArmor'),
      'container.securityContext.seLinuxOptions': whereThereIs('SELinux'),
      'container.securityContext.procMount': notPassedOn('procMount'),
      'container.securityContext.windowsOptions': noWindows,
      'container.stdin': honoured,
      'container.tty': honoured,
    },
    os: ['linux'],
    arch: [{ x64: 'amd64' }[process.arch as string] ?? process.arch],
    needsCommand: false,
    retainsStopped: true,
  };
}
