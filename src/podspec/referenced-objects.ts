import type { Pod } from '../kube/types.ts';
import { type References, tokenKey } from './references.ts';

/** A ConfigMap or Secret that a Pod refers to, in the namespace of the Pod. */
export interface ReferencedObject {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
  /** True when every reference to it can do without. */
  readonly optional: boolean;
}

/** What has to be read before the Pod can be resolved, each object once. Image pull secrets are optional by nature. */
export function referencedObjects(pod: Pod): ReferencedObject[] {
  const namespace = pod.metadata?.namespace ?? '';
  const found = new Map<string, ReferencedObject>();
  const add = (kind: ReferencedObject['kind'], name: string | undefined, optional = false): void => {
    if (!name) return;
    const key = `${kind}/${name}`;
    const known = found.get(key)?.optional ?? true;
    found.set(key, { kind, namespace, name, optional: known && optional });
  };
  const {
    containers = [],
    initContainers = [],
    volumes = [],
    imagePullSecrets = [],
  } = pod.spec ?? {
    containers: [],
  };
  for (const { env = [], envFrom = [] } of [...initContainers, ...containers]) {
    for (const { configMapRef, secretRef } of envFrom) {
      add('ConfigMap', configMapRef?.name, configMapRef?.optional);
      add('Secret', secretRef?.name, secretRef?.optional);
    }
    for (const { valueFrom } of env) {
      add('ConfigMap', valueFrom?.configMapKeyRef?.name, valueFrom?.configMapKeyRef?.optional);
      add('Secret', valueFrom?.secretKeyRef?.name, valueFrom?.secretKeyRef?.optional);
    }
  }
  for (const { configMap, secret, projected } of volumes) {
    add('ConfigMap', configMap?.name, configMap?.optional);
    add('Secret', secret?.secretName, secret?.optional);
    for (const source of projected?.sources ?? []) {
      add('ConfigMap', source.configMap?.name, source.configMap?.optional);
      add('Secret', source.secret?.name, source.secret?.optional);
    }
  }
  for (const { name } of imagePullSecrets) add('Secret', name, true);
  return [...found.values()];
}

/** As {@link referencedObjects}, those that volumes are made of. */
export function objectsInVolumes(pod: Pod): ReferencedObject[] {
  return referencedObjects({ ...pod, spec: { containers: [], volumes: pod.spec?.volumes ?? [] } });
}

/** As {@link referencedObjects}, those that the ephemeral containers of these names take variables from. */
export function objectsInEphemeral(pod: Pod, names: readonly string[]): ReferencedObject[] {
  const containers = (pod.spec?.ephemeralContainers ?? []).filter(({ name }) => names.includes(name));
  return referencedObjects({ ...pod, spec: { containers } });
}

/** Those in volumes that may change while the Pod runs: what is immutable need not be watched. */
export function changingObjects(
  pod: Pod,
  refs: Pick<References, 'configMaps' | 'secrets'>,
): ReferencedObject[] {
  return objectsInVolumes(pod).filter(({ kind, name }) => {
    const found = kind === 'ConfigMap' ? refs.configMaps.get(name) : refs.secrets.get(name);
    return found?.immutable !== true;
  });
}

/** A token to be asked for with TokenRequest, bound to the Pod. */
export interface ReferencedToken {
  /** Under which it goes into the references. */
  readonly key: string;
  readonly serviceAccount: string;
  /** '' = the audience of the API server. */
  readonly audience: string;
  readonly expirationSeconds: number;
}

export function referencedTokens(pod: Pod): ReferencedToken[] {
  const serviceAccount = pod.spec?.serviceAccountName || 'default';
  return (pod.spec?.volumes ?? []).flatMap(({ name, projected }) =>
    (projected?.sources ?? []).flatMap(({ serviceAccountToken: token }) =>
      token === undefined
        ? []
        : [
            {
              key: tokenKey(name, token.path),
              serviceAccount,
              audience: token.audience ?? '',
              expirationSeconds: token.expirationSeconds ?? 3600,
            },
          ],
    ),
  );
}
