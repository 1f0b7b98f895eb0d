import { isRecord, type Json, record, records, setDefault, text } from './json.ts';

/** k8s.io/kubernetes pkg/apis/core/v1/defaults.go for what Pods and Pod templates share. In place. */
export function defaultPodSpec(spec: Json): void {
  setDefault(spec, 'restartPolicy', 'Always');
  setDefault(spec, 'terminationGracePeriodSeconds', 30);
  setDefault(spec, 'dnsPolicy', 'ClusterFirst');
  setDefault(spec, 'schedulerName', 'default-scheduler');
  setDefault(spec, 'securityContext', {});
  // Both names of the field are kept equal for old clients.
  if (text(spec.serviceAccountName) !== undefined) spec.serviceAccount = spec.serviceAccountName;
  else if (text(spec.serviceAccount) !== undefined) spec.serviceAccountName = spec.serviceAccount;
  for (const volume of records(spec.volumes)) defaultVolume(volume);
  for (const container of containersOf(spec)) defaultContainer(container, spec.hostNetwork === true);
}

/** What only a Pod gets, not a template. */
export function defaultPod(spec: Json): void {
  defaultPodSpec(spec);
  setDefault(spec, 'enableServiceLinks', true);
  for (const container of containersOf(spec)) {
    const resources = record(container.resources);
    if (!isRecord(resources.limits)) continue;
    resources.requests = { ...resources.limits, ...record(resources.requests) };
  }
}

/** Those that are added to a Pod that has its defaults already. */
export function defaultEphemeralContainers(spec: Json): void {
  for (const container of records(spec.ephemeralContainers)) defaultContainer(container, false);
}

/** Regular, init and ephemeral containers. */
export function containersOf(spec: Json): Json[] {
  return ['initContainers', 'containers', 'ephemeralContainers'].flatMap((field) => records(spec[field]));
}

function defaultContainer(container: Json, hostNetwork: boolean): void {
  setDefault(container, 'terminationMessagePath', '/dev/termination-log');
  setDefault(container, 'terminationMessagePolicy', 'File');
  setDefault(container, 'imagePullPolicy', isLatest(text(container.image) ?? '') ? 'Always' : 'IfNotPresent');
  setDefault(container, 'resources', {});
  for (const port of records(container.ports)) {
    setDefault(port, 'protocol', 'TCP');
    if (hostNetwork) setDefault(port, 'hostPort', port.containerPort);
  }
  for (const variable of records(container.env)) {
    const { fieldRef } = record(variable.valueFrom);
    if (isRecord(fieldRef)) setDefault(fieldRef, 'apiVersion', 'v1');
  }
  for (const name of ['livenessProbe', 'readinessProbe', 'startupProbe']) {
    const probe = container[name];
    if (isRecord(probe)) defaultProbe(probe);
  }
  for (const hook of Object.values(record(container.lifecycle))) defaultHttpGet(record(hook).httpGet);
}

function defaultProbe(probe: Json): void {
  setDefault(probe, 'timeoutSeconds', 1);
  setDefault(probe, 'periodSeconds', 10);
  setDefault(probe, 'successThreshold', 1);
  setDefault(probe, 'failureThreshold', 3);
  defaultHttpGet(probe.httpGet);
  if (isRecord(probe.grpc)) setDefault(probe.grpc, 'service', '');
}

function defaultHttpGet(action: unknown): void {
  if (!isRecord(action)) return;
  setDefault(action, 'path', '/');
  setDefault(action, 'scheme', 'HTTP');
}

const volumeModes = ['secret', 'configMap', 'downwardAPI', 'projected'];

function defaultVolume(volume: Json): void {
  if (Object.keys(volume).length === 1) volume.emptyDir = {};
  for (const type of volumeModes) {
    const source = volume[type];
    if (isRecord(source)) setDefault(source, 'defaultMode', 0o644);
  }
  if (isRecord(volume.hostPath)) setDefault(volume.hostPath, 'type', '');
  const projected = records(record(volume.projected).sources);
  for (const { serviceAccountToken } of projected) {
    if (isRecord(serviceAccountToken)) setDefault(serviceAccountToken, 'expirationSeconds', 3600);
  }
  for (const { items } of [record(volume.downwardAPI), ...projected.map((one) => record(one.downwardAPI))]) {
    for (const { fieldRef } of records(items))
      if (isRecord(fieldRef)) setDefault(fieldRef, 'apiVersion', 'v1');
  }
}

/** No tag and no digest, or the tag `latest`. */
function isLatest(image: string): boolean {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return !last.includes('@') && (!last.includes(':') || last.endsWith(':latest'));
}
