import type { ConfigMap, Container, Pod, PodSpec, Secret, Service } from '../../kube/types.ts';
import type { References, ResolveContext } from '../references.ts';
import { type PodResolution, resolvePod } from '../resolve-pod.ts';

/** Sample objects for tests of the resolution. */
export const context: ResolveContext = {
  owner: { clusterUid: 'c-1', node: 'burst-0', namespace: 'shop', name: 'web-0', podUid: 'u-1', attempt: 0 },
  hostIps: ['10.0.0.1', 'fd00::1'],
  allocatable: { cpuMillis: 8000, memoryBytes: 2 ** 34, ephemeralStorageBytes: 2 ** 36 },
  dns: {
    clusterDns: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    host: { nameservers: ['192.0.2.53'], searches: ['example.com'], options: [] },
  },
};

export interface Existing {
  readonly configMaps?: Readonly<Record<string, Omit<ConfigMap, 'metadata'>>>;
  /** Values in clear; they are encoded here as the API does. */
  readonly secrets?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly services?: readonly Service[];
  readonly tokens?: Readonly<Record<string, string>>;
}

export function references({
  configMaps = {},
  secrets = {},
  services = [],
  tokens = {},
}: Existing = {}): References {
  return {
    configMaps: new Map(Object.entries(configMaps)),
    secrets: new Map(Object.entries(secrets).map(([name, values]) => [name, secretOf(values)])),
    services,
    tokens: new Map(Object.entries(tokens)),
  };
}

function secretOf(values: Readonly<Record<string, string>>): Secret {
  const data = Object.entries(values).map(([key, value]) => [key, Buffer.from(value).toString('base64')]);
  return { data: Object.fromEntries(data) };
}

export function podOf(spec: Partial<PodSpec> = {}, metadata: Pod['metadata'] = {}): Pod {
  return {
    metadata: { name: 'web-0', namespace: 'shop', uid: 'u-1', ...metadata },
    spec: { containers: [{ name: 'main', image: 'busybox' }], ...spec },
  };
}

export function podWith(container: Partial<Container>, spec: Partial<PodSpec> = {}): Pod {
  return podOf({ containers: [{ name: 'main', image: 'busybox', ...container }], ...spec });
}

export function resolve(pod: Pod, existing?: Existing): PodResolution {
  return resolvePod(pod, references(existing), context);
}

/** The resolved spec; fails when there is none. */
export function resolved(pod: Pod, existing?: Existing): Extract<PodResolution, { kind: 'spec' }> {
  const outcome = resolve(pod, existing);
  if (outcome.kind !== 'spec') throw new Error(`not resolved: ${JSON.stringify(outcome)}`);
  return outcome;
}

/** What is missing, or the fields that are invalid and why. */
export function problems(pod: Pod, existing?: Existing): string[] {
  const outcome = resolve(pod, existing);
  if (outcome.kind === 'spec') return [];
  if (outcome.kind === 'missing') return outcome.missing.map(({ message }) => message);
  return outcome.invalid.map(({ field, message }) => `${field}: ${message}`);
}
