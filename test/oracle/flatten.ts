import type { ContainerStatus, Pod, PodStatus } from '../../src/kube/types.ts';
import type { Side } from './play.ts';

/** A status as path and value, with what is different on every node made the same. */
export type Flat = ReadonlyMap<string, string | number>;

type State = NonNullable<ContainerStatus['state']>;

/** Paths are `phase`, `conditions.Ready.reason`, `containers.main.state.terminated.exitCode`, ... */
export function flatten(pod: Pod, side: Side): Flat {
  const flat = new Map<string, string | number>();
  const { conditions, containerStatuses, initContainerStatuses, ephemeralContainerStatuses, ...rest } =
    pod.status ?? ({} as PodStatus);
  put(flat, '', rest);
  for (const { type, ...condition } of conditions ?? []) put(flat, `conditions.${type}`, condition);
  const lists = { containers: containerStatuses, initContainers: initContainerStatuses };
  for (const [list, statuses] of Object.entries({
    ...lists,
    ephemeralContainers: ephemeralContainerStatuses,
  }))
    for (const { name, state, lastState, ...status } of statuses ?? []) {
      put(flat, `${list}.${name}`, status);
      put(flat, `${list}.${name}.state`, withDuration(state));
      put(flat, `${list}.${name}.lastState`, withDuration(lastState));
    }
  const texts = [...flat].map(([path, value]): [string, string | number] => [
    path,
    typeof value === 'string' ? plain(value, path, pod, side) : value,
  ]);
  return new Map(texts);
}

/** Times are gone from a flat status; how long a container ran is not. */
function withDuration(state: State | undefined): object | undefined {
  const { terminated } = state ?? {};
  const { startedAt, finishedAt } = terminated ?? {};
  if (!startedAt || !finishedAt) return state;
  const ranSeconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  return { ...state, terminated: { ...terminated, ranSeconds } };
}

function put(flat: Map<string, string | number>, path: string, value: unknown): void {
  if (value === undefined || value === null) return;
  if (typeof value !== 'object') {
    flat.set(path, typeof value === 'number' ? value : String(value));
    return;
  }
  for (const [key, inner] of Object.entries(value)) put(flat, path === '' ? key : `${path}.${key}`, inner);
}

function plain(text: string, path: string, { metadata }: Pod, { node, namespace }: Side): string {
  if (/(At|Time)$/.test(path)) return '<time>';
  if (/containerID$/.test(path)) return '<id>';
  if (/imageID$/.test(path)) return text === '' ? '' : '<id>';
  return (
    text
      .replaceAll(metadata?.uid ?? '<uid>', '<uid>')
      .replaceAll(namespace, '<namespace>')
      .replaceAll(node, '<node>')
      .replaceAll(/\b[0-9a-f]{64}\b/g, '<id>')
      // Loopback is the same everywhere.
      .replaceAll(/\b(?!127\.)\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b/g, '<ip>')
      // What a node has and what else is on it.
      .replaceAll(/used: \d+, capacity: \d+/g, 'used: <n>, capacity: <n>')
      // Folders of either node.
      .replaceAll(/\/tmp\/burstlet-[^":\s]*/g, '<folder>')
      .replaceAll(/kube-api-access-[a-z0-9]{5}/g, 'kube-api-access-<x>')
  );
}
