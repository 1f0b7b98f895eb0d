import { ProviderError } from '../../contract/index.ts';

/** The Pod asks for what an instance cannot be. `field` as in the Pod: `spec.containers[main].readinessProbe`. */
export function unfit(field: string, what: string, instead: string): ProviderError {
  return new ProviderError('InvalidSpec', `${what}; ${instead}`, { field });
}
