import type { Instance, LogQuery } from '../../providers/contract/index.ts';
import { ProviderError } from '../../providers/contract/index.ts';

/** The id of the run whose log is meant, by the kubelet's rules (kubelet_pods.go validateContainerLogStatus). */
export function logTarget(instance: Instance, query: Pick<LogQuery, 'container' | 'previous'>): string {
  const container = instance.containers.find(({ name }) => name === query.container);
  const id = query.previous ? container?.lastState?.containerId : container?.id;
  if (id) return id;
  const which = query.previous ? 'previous run' : 'run';
  throw new ProviderError('NotFound', `container ${query.container} has no ${which} with a log`);
}
