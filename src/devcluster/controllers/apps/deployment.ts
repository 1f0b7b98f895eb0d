import { isDeepStrictEqual } from 'node:util';
import { claim } from '../core/claim.ts';
import { type Context, startController } from '../core/controller.ts';
import { type Deployment, kinds, type ReplicaSet } from '../core/kinds.ts';
import { controllerOf, isDeleting, keyOf } from '../core/objects.ts';
import { isFinished } from '../core/pods.ts';
import { event, statusWrite, type Write } from '../core/writes.ts';
import { deploymentStatus } from './deployment-status.ts';
import { type Draft, revisionAnnotation, rollOut } from './rollout.ts';

export function startDeploymentController(context: Context): void {
  const { store, clock, pods, signal } = context;
  const queue = startController(context, {
    name: 'deployment-controller',
    kind: kinds.deployments,
    owns: [kinds.replicaSets],
    sync: (deployment, apply) => {
      const inNamespace = store.list(kinds.replicaSets, deployment.metadata.namespace);
      const claimed = claim(kinds.replicaSets, deployment, deployment.spec.selector, inNamespace);
      apply(claimed.writes);
      const plan = planDeployment({
        deployment,
        replicaSets: claimed.owned,
        taken: new Set(inNamespace.map(({ metadata }) => metadata.name)),
        hasPods: (replicaSet) => pods.controlledBy(replicaSet).some((pod) => !isFinished(pod)),
        now: clock.now(),
      });
      apply(plan.writes);
      return plan.lookAgainMs;
    },
  });
  // Recreate waits for the last old Pod to be really gone, which no ReplicaSet status tells.
  store.subscribe(kinds.pods, signal, ({ type, object }) => {
    const owner = type === 'DELETED' ? controllerOf(object) : undefined;
    if (owner?.kind !== kinds.replicaSets.kind) return;
    const replicaSet = store.get(kinds.replicaSets, object.metadata.namespace, owner.name);
    const deployment = replicaSet && controllerOf(replicaSet);
    if (deployment?.kind !== kinds.deployments.kind) return;
    queue.add(keyOf({ metadata: { ...object.metadata, name: deployment.name } }));
  });
}

export interface DeploymentState {
  readonly deployment: Deployment;
  readonly replicaSets: readonly ReplicaSet[];
  /** Names of every ReplicaSet in the namespace. */
  readonly taken: ReadonlySet<string>;
  /** Whether Pods of a ReplicaSet still run, those being deleted included. */
  readonly hasPods: (replicaSet: ReplicaSet) => boolean;
  readonly now: number;
}

/** The next step of a rollout: what the ReplicaSets should be, against what they are. */
function planDeployment(state: DeploymentState): {
  readonly writes: readonly Write[];
  readonly lookAgainMs: number | undefined;
} {
  const { deployment, replicaSets } = state;
  const wanted = isDeleting(deployment) ? { fresh: undefined, old: replicaSets } : rollOut(state);
  const drafts = [...wanted.old, ...(wanted.fresh ? [wanted.fresh] : [])];
  const { status, lookAgainMs } = deploymentStatus({ ...state, ...wanted });
  const writes = isDeleting(deployment)
    ? []
    : [...replicaSetWrites(deployment, replicaSets, drafts), ...revisionWrite(deployment, wanted.fresh)];
  return { writes: [...writes, ...statusWrite(kinds.deployments, deployment, status)], lookAgainMs };
}

function replicaSetWrites(
  deployment: Deployment,
  current: readonly ReplicaSet[],
  drafts: readonly Draft[],
): Write[] {
  const kind = kinds.replicaSets;
  const name = (draft: Draft): string => draft.metadata.name;
  const writes = drafts.flatMap((draft): Write[] => {
    const before = current.find((replicaSet) => name(replicaSet) === name(draft));
    const scaling = scalingEvent(
      deployment,
      name(draft),
      before?.spec.replicas ?? 0,
      draft.spec.replicas ?? 0,
    );
    if (before === undefined) return [{ op: 'create', kind, object: draft }, ...scaling];
    if (isDeepStrictEqual(before, draft)) return [];
    return [
      {
        op: 'update',
        kind,
        object: { ...before, ...draft, metadata: { ...before.metadata, ...draft.metadata } },
      },
      ...scaling,
    ];
  });
  const dropped = current.filter((replicaSet) => !drafts.some((draft) => name(draft) === name(replicaSet)));
  return [...writes, ...dropped.map((object): Write => ({ op: 'delete', kind, object }))];
}

function scalingEvent(deployment: Deployment, name: string, from: number, to: number): Write[] {
  if (from === to) return [];
  const message = `Scaled ${to > from ? 'up' : 'down'} replica set ${name} from ${from} to ${to}`;
  return [event(deployment, 'Normal', 'ScalingReplicaSet', message)];
}

function revisionWrite(deployment: Deployment, fresh: Draft | undefined): Write[] {
  const revision = fresh?.metadata.annotations?.[revisionAnnotation];
  const { annotations } = deployment.metadata;
  if (revision === undefined || annotations?.[revisionAnnotation] === revision) return [];
  const metadata = {
    ...deployment.metadata,
    annotations: { ...annotations, [revisionAnnotation]: revision },
  };
  return [{ op: 'update', kind: kinds.deployments, object: { ...deployment, metadata } }];
}
