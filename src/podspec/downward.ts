import { podIpMarker, podIpsMarker, type Resources } from '../../providers/contract/index.ts';
import {
  parseQuantity,
  type Quantity,
  QuantityError,
  quantityOfBytes,
  quantityOfMillis,
} from '../kube/quantity.ts';
import type { Container, Pod } from '../kube/types.ts';
import { own } from './own.ts';
import { containerRequests } from './pod-resources.ts';
import type { ResolveContext } from './references.ts';
import { parseResources } from './resources.ts';

/** What a reference to the Pod itself gives: a text, or what is wrong with the reference. */
export type Downward = { readonly value: string } | { readonly problem: string };

const subscript = /^metadata\.(labels|annotations)\['(.*)'\]$/;

/** A field of the Pod for a variable (kubelet_pods.go, podFieldSelectorRuntimeValue). */
export function fieldForVariable(pod: Pod, path: string, context: ResolveContext): Downward {
  switch (path) {
    case 'spec.nodeName':
      return { value: context.owner.node };
    case 'spec.serviceAccountName':
      return { value: pod.spec?.serviceAccountName ?? '' };
    case 'status.hostIP':
      return { value: context.hostIps[0] ?? '' };
    case 'status.hostIPs':
      return { value: context.hostIps.join(',') };
    case 'status.podIP':
      return { value: podIpMarker };
    case 'status.podIPs':
      return { value: podIpsMarker };
    case 'metadata.labels':
    case 'metadata.annotations':
      return { problem: `"${path}" as a whole fits into a volume only; name one key, as in ${path}['key']` };
    default:
      return fieldForFile(pod, path);
  }
}

/** A field of the Pod for a file (pkg/fieldpath). */
export function fieldForFile(pod: Pod, path: string): Downward {
  const { name = '', namespace = '', uid = '', labels = {}, annotations = {} } = pod.metadata ?? {};
  switch (path) {
    case 'metadata.name':
      return { value: name };
    case 'metadata.namespace':
      return { value: namespace };
    case 'metadata.uid':
      return { value: uid };
    case 'metadata.labels':
      return { value: lines(labels) };
    case 'metadata.annotations':
      return { value: lines(annotations) };
  }
  const [, list, key = ''] = subscript.exec(path) ?? [];
  if (list === undefined) return { problem: `"${path}" is not a field that the downward API has` };
  return { value: own(list === 'labels' ? labels : annotations, key) ?? '' };
}

/** A whole map in a file: `key="value"`, sorted by key. */
function lines(map: Readonly<Record<string, string>>): string {
  return Object.keys(map)
    .toSorted()
    .map((key) => `${key}=${JSON.stringify(map[key])}`)
    .join('\n');
}

type ResourceReference = Readonly<{ resource: string; divisor?: string }>;

/**
 * An amount of a container as a whole number of divisors, rounded up (pkg/api/v1/resource,
 * ExtractContainerResourceValue). A limit that is not set is what the node has.
 */
export function resourceAmount(
  container: Container,
  { resource, divisor = '0' }: ResourceReference,
  allocatable: Resources,
): Downward {
  const [list, name = ''] = splitOnce(resource, '.');
  if ((list !== 'limits' && list !== 'requests') || !isKnown(name))
    return { problem: `"${resource}" is not an amount that the downward API has` };
  try {
    const set =
      list === 'limits' ? parseResources(container.resources?.limits) : containerRequests(container);
    let amount = set.get(name);
    if (list === 'limits' && (amount === undefined || amount.nanos === 0n))
      amount = allocatableOf(name, allocatable);
    const by = parseQuantity(divisor);
    const unit = by.nanos === 0n ? 1_000_000_000n : by.nanos;
    if (unit < 0n) return { problem: `the divisor ${divisor} is negative` };
    const nanos = amount?.nanos ?? 0n;
    return { value: String((nanos + unit - 1n) / unit) };
  } catch (error) {
    if (error instanceof QuantityError) return { problem: error.message };
    throw error;
  }
}

function isKnown(name: string): boolean {
  return ['cpu', 'memory', 'ephemeral-storage'].includes(name) || name.startsWith('hugepages-');
}

function allocatableOf(name: string, resources: Resources): Quantity | undefined {
  const { cpuMillis, memoryBytes, ephemeralStorageBytes } = resources;
  if (name === 'cpu') return cpuMillis === undefined ? undefined : quantityOfMillis(cpuMillis);
  const bytes =
    name === 'memory' ? memoryBytes : name === 'ephemeral-storage' ? ephemeralStorageBytes : undefined;
  return bytes === undefined ? undefined : quantityOfBytes(bytes);
}

function splitOnce(text: string, by: string): [string, string?] {
  const at = text.indexOf(by);
  return at < 0 ? [text] : [text.slice(0, at), text.slice(at + by.length)];
}
