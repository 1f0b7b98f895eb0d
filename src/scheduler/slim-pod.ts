import type { Container, Pod } from '../kube/types.ts';

/** A Pod without what scheduling does not look at: thousands of them stay small. */
export function slimPod(pod: Pod): Pod {
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp } = pod.metadata ?? {};
  const { spec, status } = pod;
  const {
    nodeName,
    schedulerName,
    priority,
    nodeSelector,
    affinity,
    tolerations,
    schedulingGates,
    overhead,
    resources,
  } = spec ?? {};
  const { nodeAffinity } = affinity ?? {};
  return definedOnly({
    metadata: definedOnly({ name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp }),
    spec: definedOnly({
      ...{
        nodeName,
        schedulerName,
        priority,
        nodeSelector,
        tolerations,
        schedulingGates,
        overhead,
        resources,
      },
      affinity: nodeAffinity === undefined ? undefined : { nodeAffinity },
      containers: (spec?.containers ?? []).map(slimContainer),
      initContainers: spec?.initContainers?.map(slimContainer),
    }),
    status: definedOnly({
      phase: status?.phase,
      conditions: nodeName ? undefined : status?.conditions?.filter(({ type }) => type === 'PodScheduled'),
    }),
  });
}

function slimContainer({ name, resources, restartPolicy }: Container): Container {
  return {
    name,
    ...(resources === undefined ? {} : { resources }),
    ...(restartPolicy === undefined ? {} : { restartPolicy }),
  };
}

type DefinedOnly<T> = { [Key in keyof T as undefined extends T[Key] ? never : Key]: T[Key] } & {
  [Key in keyof T as undefined extends T[Key] ? Key : never]?: Exclude<T[Key], undefined>;
};

function definedOnly<T extends object>(object: T): DefinedOnly<T> {
  return Object.fromEntries(
    Object.entries(object).filter(([, value]) => value !== undefined),
  ) as DefinedOnly<T>;
}
