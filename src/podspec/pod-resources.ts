import type { Resources } from '../../providers/contract/index.ts';
import { addQuantities, compareQuantities, type Quantity } from '../kube/quantity.ts';
import type { Container, Pod } from '../kube/types.ts';
import { parseResources, type Quantities, toResources } from './resources.ts';

/**
 * What a Pod takes of a node (component-helpers/resource, PodRequests): its containers together, or the neediest moment
 * of its initialisation where that is more; then pod-level values in place of what they name; then the overhead.
 * Throws QuantityError.
 */
export function podRequests(pod: Pod): Resources {
  const { containers = [], initContainers = [], resources, overhead } = pod.spec ?? { containers: [] };
  const total = new Map<string, Quantity>();
  for (const container of containers) add(total, containerRequests(container));
  const sidecars = new Map<string, Quantity>();
  const neediest = new Map<string, Quantity>();
  for (const container of initContainers) {
    const asked = containerRequests(container);
    if (container.restartPolicy === 'Always') {
      add(total, asked);
      add(sidecars, asked);
    } else {
      // Beside an init container run the sidecars that stand before it.
      const moment = new Map(asked);
      add(moment, sidecars);
      raise(neediest, moment);
    }
  }
  raise(total, neediest);
  for (const [name, quantity] of defaulted(resources)) if (isPodLevel(name)) total.set(name, quantity);
  add(total, parseResources(overhead));
  return toResources(total);
}

/** Requests, with the limit where there is none, as the API server defaults them. Throws QuantityError. */
export function containerRequests({ resources }: Pick<Container, 'resources'>): Quantities {
  return defaulted(resources);
}

/** pkg/apis/core/v1/helper/qos, ComputePodQOS: over cpu and memory alone. Throws QuantityError. */
export function podQosClass(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const { containers = [], initContainers = [], resources } = pod.spec ?? { containers: [] };
  const podLevel = resources?.requests !== undefined || resources?.limits !== undefined;
  const parts = podLevel ? [{ resources }] : [...containers, ...initContainers];
  let any = false;
  let guaranteed = true;
  for (const part of parts) {
    const requests = defaulted(part.resources);
    const limits = parseResources(part.resources?.limits);
    for (const name of ['cpu', 'memory']) {
      const [request, limit] = [requests.get(name), limits.get(name)];
      if (isPositive(request) || isPositive(limit)) any = true;
      if (!isPositive(limit) || request === undefined || compareQuantities(request, limit) !== 0)
        guaranteed = false;
    }
  }
  if (!any) return 'BestEffort';
  return guaranteed ? 'Guaranteed' : 'Burstable';
}

function defaulted(resources: Container['resources']): Quantities {
  return new Map([...parseResources(resources?.limits), ...parseResources(resources?.requests)]);
}

function isPodLevel(name: string): boolean {
  return name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');
}

function isPositive(quantity: Quantity | undefined): quantity is Quantity {
  return quantity !== undefined && quantity.nanos > 0n;
}

function add(to: Map<string, Quantity>, more: Quantities): void {
  for (const [name, quantity] of more) {
    const known = to.get(name);
    to.set(name, known === undefined ? quantity : addQuantities(known, quantity));
  }
}

function raise(to: Map<string, Quantity>, least: Quantities): void {
  for (const [name, quantity] of least) {
    const known = to.get(name);
    if (known === undefined || compareQuantities(known, quantity) < 0) to.set(name, quantity);
  }
}
