import {
  ApiError,
  invalid,
  invalidValue,
  required,
  type StatusCause,
  unsupportedValue,
} from './api-error.ts';
import { isRecord, type Json, record, records, setDefault, text } from './json.ts';
import { isPort } from './pod-validation.ts';
import type { StoredObject } from './store.ts';
import type { Strategy, StrategyContext } from './strategy.ts';

const types = ['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort'];
const lastNodePort = 32767;
const firstNodePort = 30000;

/** Services: defaults, cluster addresses of 10.96.0.0/16 and node ports. Nothing routes them; they only have to differ. */
export const serviceStrategy: Strategy = {
  prepareCreate(service, context) {
    if (!isRecord(service.spec)) return;
    defaults(service.spec);
    allocate(service, service.spec, context);
    service.status = { loadBalancer: {} };
  },
  prepareUpdate(service, live, context) {
    if (!isRecord(service.spec)) return;
    const before = record(live.spec);
    if (service.spec.type !== 'ExternalName') {
      setDefault(service.spec, 'clusterIP', before.clusterIP);
      setDefault(service.spec, 'clusterIPs', before.clusterIPs);
    }
    defaults(service.spec);
    for (const port of records(service.spec.ports)) {
      const same = records(before.ports).find(
        (one) => one.port === port.port && one.protocol === port.protocol,
      );
      if (needsNodePort(service.spec) && same !== undefined) setDefault(port, 'nodePort', same.nodePort);
    }
    allocate(service, service.spec, context);
  },
  validate(service, live) {
    if (!isRecord(service.spec)) return [required('spec')];
    const { spec } = service;
    const causes: StatusCause[] = [];
    if (!types.includes(String(spec.type))) causes.push(unsupportedValue('spec.type', spec.type, types));
    const ports = records(spec.ports);
    const headless = spec.clusterIP === 'None';
    if (ports.length === 0 && !headless && spec.type !== 'ExternalName') causes.push(required('spec.ports'));
    ports.forEach((port, index) => {
      const field = `spec.ports[${index}]`;
      if (ports.length > 1 && text(port.name) === undefined) causes.push(required(`${field}.name`));
      if (!isPort(port.port)) {
        causes.push(invalidValue(`${field}.port`, port.port ?? 0, 'must be between 1 and 65535, inclusive'));
      }
    });
    const before = record(live?.spec).clusterIP;
    if (text(before) !== undefined && spec.type !== 'ExternalName' && spec.clusterIP !== before) {
      causes.push(invalidValue('spec.clusterIP', spec.clusterIP, 'field is immutable'));
    }
    return causes;
  },
};

function defaults(spec: Json): void {
  setDefault(spec, 'type', 'ClusterIP');
  setDefault(spec, 'sessionAffinity', 'None');
  for (const port of records(spec.ports)) {
    setDefault(port, 'protocol', 'TCP');
    setDefault(port, 'targetPort', port.port);
  }
  if (spec.type === 'ExternalName') return;
  setDefault(spec, 'internalTrafficPolicy', 'Cluster');
  setDefault(spec, 'ipFamilies', ['IPv4']);
  setDefault(spec, 'ipFamilyPolicy', 'SingleStack');
  if (needsNodePort(spec)) setDefault(spec, 'externalTrafficPolicy', 'Cluster');
  if (spec.type === 'LoadBalancer') setDefault(spec, 'allocateLoadBalancerNodePorts', true);
}

function needsNodePort(spec: Json): boolean {
  return spec.type === 'NodePort' || spec.type === 'LoadBalancer';
}

function allocate(service: StoredObject, spec: Json, context: StrategyContext): void {
  const { name, namespace } = service.metadata;
  const others = context
    .list('services')
    .filter((one) => one.metadata.name !== name || one.metadata.namespace !== namespace);
  if (spec.type !== 'ExternalName') {
    const used = new Set(others.map((one) => record(one.spec).clusterIP));
    const wanted = text(spec.clusterIP) ?? freeAddress(used);
    if (wanted !== 'None' && used.has(wanted)) {
      const why = 'failed to allocate IP: provided IP is already allocated';
      throw invalid('Service', '', name, [invalidValue('spec.clusterIPs', [wanted], why)]);
    }
    spec.clusterIP = wanted;
    spec.clusterIPs = [wanted];
  }
  if (!needsNodePort(spec)) return;
  const taken = new Set(
    others.flatMap((one) => records(record(one.spec).ports).map((port) => port.nodePort)),
  );
  for (const port of records(spec.ports)) {
    for (let next = firstNodePort; port.nodePort === undefined && next <= lastNodePort; next++)
      if (!taken.has(next)) port.nodePort = next;
    taken.add(port.nodePort);
  }
}

function freeAddress(used: ReadonlySet<unknown>): string {
  for (let host = 1; host < 0xffff; host++) {
    const address = `10.96.${host >> 8}.${host & 0xff}`;
    if (!used.has(address)) return address;
  }
  throw new ApiError(500, 'InternalError', 'no free cluster IP is left in 10.96.0.0/16');
}
