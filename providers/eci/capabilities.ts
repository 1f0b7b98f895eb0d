import type { Capabilities, SecretExposure, Support } from '../contract/capabilities.ts';
import { emulated, honoured, refused } from '../contract/capabilities.ts';

const realNode = 'run the Pod on a real node';

/** What the API of an instance has no parameter for. */
function noParameter(field: string): Support {
  return refused(`the API of an instance has no ${field}`, `remove ${field}, or ${realNode}`);
}

const noHost = refused('an instance has no host to share', `remove the field, or ${realNode}`);
const noStorage = refused('disks and file systems are not attached', `use emptyDir, or ${realNode}`);
const noWindows = refused('instances run Linux', 'remove windowsOptions');
const files = emulated(
  'the files are those of the creation, at most 32 KiB each and 60 KiB in all; later changes do not reach a running instance',
);
const token = emulated(
  'the token is that of the creation and is not renewed: it works for as long as the API server accepts it (a year for the default one, unless service-account-extend-token-expiration is off)',
);
/** Variables of regular containers are hidden (EnvironmentVarHide); nothing else has such a parameter. */
const exposesSecrets: SecretExposure = {
  ways: ['initEnv', 'arguments', 'files'],
  text: 'whoever may call eci:DescribeContainerGroups can read the values of these Secrets: give them as variables of regular containers, which the vendor hides, or let few describe instances',
};
const nonRoot = emulated(
  'the vendor verifies it for regular containers; an init container needs runAsUser with it, and is refused without when the instance is created',
);

/** What an Elastic Container Instance can and cannot be (CreateContainerGroup, SDK 2.0.3). */
export const eciCapabilities: Capabilities = {
  os: ['linux'],
  arch: ['amd64'],
  needsCommand: false,
  retainsStopped: true,
  exposesSecrets,
  features: {
    'spec.hostNetwork': noHost,
    'spec.hostPID': noHost,
    'spec.hostIPC': noHost,
    'spec.hostUsers=false': noParameter('hostUsers'),
    'spec.shareProcessNamespace': honoured,
    'spec.hostAliases': honoured,
    'spec.hostname': honoured,
    'spec.setHostnameAsFQDN': honoured,
    'spec.dnsPolicy': emulated(
      'the name servers of the node are passed on, and must be reachable from the vSwitch; without any the instance has those of its VPC',
    ),
    'spec.dnsConfig': honoured,
    'spec.runtimeClassName': noParameter('runtimeClassName'),
    'spec.overhead': emulated('counted when Pods are placed'),
    'spec.resourceClaims': noParameter('resourceClaims'),
    'spec.resources': emulated('has its effect in the size that is bought'),
    'spec.readinessGates': honoured,
    'spec.imagePullSecrets': honoured,
    'spec.terminationGracePeriodSeconds': emulated(
      'as on a node; a deletion may shorten it, and cannot make it longer than that of the Pod',
    ),
    'spec.securityContext.runAsUser': honoured,
    'spec.securityContext.runAsNonRoot': nonRoot,
    'spec.securityContext.fsGroup': noParameter('fsGroup'),
    'spec.securityContext.supplementalGroups': noParameter('supplementalGroups'),
    'spec.securityContext.supplementalGroupsPolicy=Strict': noParameter('supplementalGroupsPolicy'),
    'spec.securityContext.sysctls': honoured,
    'spec.securityContext.seccompProfile': noParameter('seccompProfile'),
    'spec.securityContext.appArmorProfile': noParameter('appArmorProfile'),
    'spec.securityContext.seLinuxOptions': noParameter('seLinuxOptions'),
    'spec.securityContext.windowsOptions': noWindows,
    'spec.volumes.emptyDir': honoured,
    'spec.volumes.emptyDir.medium=Memory': honoured,
    'spec.volumes.emptyDir.sizeLimit': emulated('passed on in whole MiB; the vendor enforces it'),
    'spec.volumes.configMap': files,
    'spec.volumes.secret': emulated(
      'as configMap; who may describe instances in the account can read the files',
    ),
    'spec.volumes.downwardAPI': files,
    'spec.volumes.projected': files,
    'spec.volumes.projected.serviceAccountToken': token,
    'spec.volumes.hostPath': refused('an instance has no host', `use emptyDir, or ${realNode}`),
    'spec.volumes.persistentVolumeClaim': noStorage,
    'spec.volumes.ephemeral': noStorage,
    'spec.volumes.csi': noStorage,
    'spec.volumes.nfs': noStorage,
    'spec.volumes.image': noStorage,
    'spec.volumes.other': noStorage,
    'spec.initContainers': honoured,
    'spec.initContainers.restartPolicy=Always': refused(
      'an instance has no sidecars among its init containers',
      'make it a regular container with the variable ECI_CONTAINER_TYPE=sidecar',
    ),
    'spec.ephemeralContainers': refused(
      'a container cannot be added to an instance',
      'use kubectl logs and kubectl exec',
    ),
    'container.image': honoured,
    'container.imagePullPolicy': honoured,
    'container.command': emulated(
      'at most 30 entries together with the arguments, of which the first 20 up to the first long one have at most 256 characters; more is refused when the instance is created',
    ),
    'container.args': emulated('at most 10 without a command; more is refused when the instance is created'),
    'container.workingDir': honoured,
    'container.env': emulated(
      'at most 241 variables, with names of letters, digits and _; the address of the Pod only as a whole value. With a secret among them the vendor hides them all, those of init containers excepted',
    ),
    'container.ports.containerPort': emulated(
      'open by nature; 111, 10250 and 10255 are taken, and SCTP is refused when the instance is created',
    ),
    'container.ports.hostPort': refused('an instance has no host', 'remove hostPort and use the Pod IP'),
    'container.ports.hostIP': refused('an instance has no host', 'remove hostIP and use the Pod IP'),
    'container.resources.requests': emulated('have their effect in the size that is bought'),
    'container.resources.limits.cpu': honoured,
    'container.resources.limits.memory': honoured,
    'container.resources.limits.ephemeral-storage': emulated(
      'what is asked beyond 30 GiB is bought; one container can use what is meant for another',
    ),
    'container.resources.hugepages': refused('an instance has no huge pages', `remove them, or ${realNode}`),
    'container.resources.extended': emulated(
      'nvidia.com/gpu needs a size with GPUs in provider.options.instanceTypes; a Pod that asks for anything else finds no size',
    ),
    'container.resizePolicy': emulated('accepted; a running container is not resized'),
    'container.restartPolicy': refused(
      'the restart policy of an instance is that of all its containers',
      'set it on the Pod',
    ),
    'container.restartPolicyRules': refused(
      'an instance has no rules per exit code',
      'use the restartPolicy of the Pod',
    ),
    'container.volumeMounts': honoured,
    'container.volumeMounts.subPath': honoured,
    'container.volumeMounts.mountPropagation': refused(
      'an instance has no host to propagate mounts to',
      'remove mountPropagation',
    ),
    'container.volumeMounts.recursiveReadOnly': noParameter('recursiveReadOnly'),
    'container.volumeMounts.serviceAccountToken': token,
    'container.volumeDevices': noStorage,
    'container.livenessProbe': emulated(
      'as on a node, without a host, HTTP headers and a grace period of its own, which are refused when the instance is created',
    ),
    'container.readinessProbe': emulated('as livenessProbe, and with a successThreshold of 1 only'),
    'container.startupProbe': emulated(
      'the liveness probe begins when the startup probe would have given up; a container without a liveness probe is not ended for a slow start',
    ),
    'container.probe.exec': honoured,
    'container.probe.httpGet': emulated('without host and httpHeaders'),
    'container.probe.tcpSocket': emulated('without host'),
    'container.probe.grpc': refused(
      'an instance has no gRPC probes',
      'probe with exec, httpGet or tcpSocket',
    ),
    'container.lifecycle.postStart': emulated(
      'exec and httpGet; sleep is refused when the instance is created',
    ),
    'container.lifecycle.preStop': emulated(
      'exec and httpGet; sleep is refused when the instance is created',
    ),
    'container.lifecycle.stopSignal': refused(
      'a stop is always the stop signal of the image, then SIGKILL',
      'set STOPSIGNAL in the image',
    ),
    'container.terminationMessagePath': honoured,
    'container.terminationMessagePolicy=FallbackToLogsOnError': honoured,
    'container.securityContext.privileged': refused(
      'privileged instances are by invitation of the vendor',
      `remove privileged, or ${realNode}`,
    ),
    'container.securityContext.runAsUser': honoured,
    'container.securityContext.runAsNonRoot': nonRoot,
    'container.securityContext.runAsNonRoot.imageUser': nonRoot,
    'container.securityContext.capabilities.add': emulated(
      'NET_ADMIN, and NET_RAW after a ticket with the vendor; others are refused when the instance is created',
    ),
    'container.securityContext.capabilities.drop': refused(
      'the API of an instance cannot drop capabilities',
      `remove capabilities.drop, or ${realNode}`,
    ),
    'container.securityContext.readOnlyRootFilesystem': honoured,
    'container.securityContext.allowPrivilegeEscalation=false': noParameter('allowPrivilegeEscalation'),
    'container.securityContext.seccompProfile': noParameter('seccompProfile'),
    'container.securityContext.appArmorProfile': noParameter('appArmorProfile'),
    'container.securityContext.seLinuxOptions': noParameter('seLinuxOptions'),
    'container.securityContext.procMount': noParameter('procMount'),
    'container.securityContext.windowsOptions': noWindows,
    'container.stdin': emulated('open, and nothing can be typed into it: there is no kubectl attach'),
    'container.tty': emulated('the container has a terminal, and nobody can attach to it'),
  },
};
