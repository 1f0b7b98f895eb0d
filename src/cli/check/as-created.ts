import type { StatusCause } from '../../devcluster/store/api-error.ts';
import { checkMeta } from '../../devcluster/store/meta-validation.ts';
import { podStrategy } from '../../devcluster/store/pod-strategy.ts';
import { servedResource } from '../../devcluster/store/resource-table.ts';
import type { StoredObject } from '../../devcluster/store/store.ts';
import type { Pod } from '../../kube/types.ts';

/** ServiceAccounts among the manifests, by `namespace/name`: they may decline the token for their Pods. */
export type Accounts = ReadonlyMap<string, object>;

export interface CreatedPod {
  readonly pod: Pod;
  /** What the API server would refuse it for. */
  readonly causes: readonly StatusCause[];
}

/**
 * The Pod as an API server would store it: defaults filled in and the standard admission plugins passed, the token
 * volume included. What only a cluster knows (quotas, LimitRanges, webhooks, priorities) is left out.
 */
export function asCreated(pod: object, accounts: Accounts): CreatedPod {
  const draft: Record<string, unknown> = structuredClone({ ...pod });
  delete draft.status;
  const metadata: Record<string, unknown> = { ...Object(draft.metadata) };
  metadata.name ??= `${String(metadata.generateName)}00000`;
  metadata.namespace ??= 'default';
  const object = asStored({ ...draft, metadata });
  podStrategy.prepareCreate?.(object, {
    now: 0,
    random: () => 0,
    list: () => [],
    get: (resource, namespace, name) => ({
      ...asStored({ metadata: { name } }),
      ...(resource === 'serviceaccounts' ? accounts.get(`${namespace}/${name}`) : {}),
    }),
  });
  const resource = servedResource('pods');
  const causes = [
    ...(resource === undefined ? [] : checkMeta(object, resource)),
    ...(podStrategy.validate?.(object, undefined) ?? []),
  ];
  return { pod: asPod(object), causes };
}

function asStored(object: object): StoredObject {
  return object as StoredObject;
}

function asPod(object: StoredObject): Pod {
  return object as Pod;
}
