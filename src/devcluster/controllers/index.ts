import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ClusterStore } from '../store/store.ts';
import { startDaemonSetController } from './apps/daemon-set.ts';
import { startDeploymentController } from './apps/deployment.ts';
import { startReplicaSetController } from './apps/replica-set.ts';
import { startStatefulSetController } from './apps/stateful-set.ts';
import { startCronJobController } from './batch/cron-job.ts';
import { startJobController } from './batch/job.ts';
import { AllObjects } from './cluster/all-objects.ts';
import { startEndpointsController } from './cluster/endpoints.ts';
import { startEventExpiry } from './cluster/event-expiry.ts';
import { startGarbageCollector } from './cluster/garbage-collector.ts';
import { startNamespaceController } from './cluster/namespace.ts';
import { startNodeLifecycleController } from './cluster/node-lifecycle.ts';
import { startPodGarbageCollector } from './cluster/pod-gc.ts';
import { type Context, PodIndex } from './core/controller.ts';
import { kinds } from './core/kinds.ts';
import { Recorder } from './core/recorder.ts';
import { TypedStore } from './core/typed-store.ts';

export interface ControllersDeps {
  readonly store: ClusterStore;
  readonly clock: Clock;
  /** From 0 to 1. */
  readonly random: () => number;
  readonly log: Log;
  /** Ends all of them. */
  readonly signal: AbortSignal;
  /** PEM of the CA that clients in Pods should trust; every namespace gets it as ConfigMap kube-root-ca.crt. */
  readonly rootCa: string;
}

/** Starts every controller of the embedded control plane. They work from the store's events, in this process. */
export function startControllers({
  store: clusterStore,
  clock,
  random,
  log,
  signal,
  rootCa,
}: ControllersDeps): void {
  const store = new TypedStore(clusterStore);
  const pods = new PodIndex();
  pods.follow(store, kinds.pods, signal);
  const recorder = new Recorder({ store, clock, random, log });
  const context: Context = { store, clock, random, log, signal, recorder, pods };
  const objects = new AllObjects(store, signal);
  startNamespaceController(context, objects, rootCa);
  startReplicaSetController(context);
  startDeploymentController(context);
  startStatefulSetController(context);
  startDaemonSetController(context);
  startJobController(context);
  startCronJobController(context);
  startEndpointsController(context);
  startNodeLifecycleController(context);
  startPodGarbageCollector(context);
  startGarbageCollector(context, objects);
  startEventExpiry(context);
}
