import { badRequest } from '../store/api-error.ts';
import { record, records, text } from '../store/json.ts';
import type { StoredObject } from '../store/store.ts';

export type StreamName = 'exec' | 'attach' | 'portforward';

/** Where on its kubelet a stream of a Pod is to be had. */
export interface KubeletLocation {
  readonly nodeName: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

/** pkg/registry/core/pod/strategy.go, ExecLocation, AttachLocation and PortForwardLocation. */
export function streamLocation(
  pod: Readonly<StoredObject>,
  stream: StreamName,
  options: URLSearchParams,
): KubeletLocation {
  const { name, namespace = '' } = pod.metadata;
  const container =
    stream === 'portforward' ? undefined : chosenContainer(pod, options.get('container') ?? '');
  const nodeName = text(record(pod.spec).nodeName);
  if (nodeName === undefined) throw badRequest(`pod ${name} does not have a host assigned`);
  if (container === undefined)
    return { nodeName, path: `/portForward/${namespace}/${name}`, query: portQuery(options) };
  return {
    nodeName,
    path: `/${stream}/${namespace}/${name}/${container}`,
    query: streamQuery(stream, options),
  };
}

/** The API's names of the streams and the kubelet's. */
const streams = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' };

function streamQuery(stream: StreamName, options: URLSearchParams): URLSearchParams {
  const query = new URLSearchParams();
  for (const [option, param] of Object.entries(streams)) if (isOn(options.get(option))) query.set(param, '1');
  if (stream === 'exec') for (const word of options.getAll('command')) query.append('command', word);
  return query;
}

function portQuery(options: URLSearchParams): URLSearchParams {
  const ports = options.getAll('ports');
  const wrong = ports.find((port) => !/^\d+$/.test(port));
  if (wrong !== undefined)
    throw badRequest(`ports: Invalid value: ${JSON.stringify(wrong)}: must be a number`);
  return new URLSearchParams(ports.length > 0 ? { port: ports.join(',') } : {});
}

/** A parameter that is there is true unless it says otherwise (apimachinery, pkg/runtime/conversion.go). */
export function isOn(value: string | null): boolean {
  return value !== null && !['false', '0'].includes(value.toLowerCase());
}

/** The container that is asked for, or the only one (pkg/registry/core/pod/strategy.go, validateContainer). */
export function chosenContainer(pod: Readonly<StoredObject>, wanted: string): string {
  const spec = record(pod.spec);
  const names = (field: string): string[] => records(spec[field]).map((container) => String(container.name));
  const regular = names('containers');
  const init = names('initContainers');
  const podName = pod.metadata.name;
  if (wanted !== '') {
    if ([...regular, ...init, ...names('ephemeralContainers')].includes(wanted)) return wanted;
    throw badRequest(`container ${wanted} is not valid for pod ${podName}`);
  }
  const [only, second] = regular;
  if (only !== undefined && second === undefined) return only;
  const others = init.length === 0 ? '' : ` or one of the init containers: [${init.join(' ')}]`;
  throw badRequest(
    `a container name must be specified for pod ${podName}, choose one of: [${regular.join(' ')}]${others}`,
  );
}
