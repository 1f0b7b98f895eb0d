import type { KubeClient } from '../../kube/client.ts';
import { createInformer, type Informer } from '../../kube/informer.ts';
import { events, pods, type Resource } from '../../kube/resources.ts';
import type { KubeObject, Pod } from '../../kube/types.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import { cronJobs, daemonSets, deployments, jobs, statefulSets } from './kinds.ts';
import type { Answer, Observed } from './observed.ts';

export interface DemoViewDeps {
  readonly client: KubeClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly namespace: string;
  /** Whether the Pod of this UID has an instance now. */
  readonly hasInstance: (podUid: string) => boolean;
  readonly answers: () => ReadonlyMap<string, Answer>;
  readonly onChange: () => void;
}

export interface DemoView {
  /** Resolves when everything is listed; rejects when `run` ends before. */
  synced(): Promise<unknown>;
  observed(): Observed;
  /** Watches until the signal fires. Never rejects. */
  run(signal: AbortSignal): Promise<void>;
}

const rememberedPods = 100;

/** Follows one namespace through the API, as kubectl would. */
export function createDemoView(deps: DemoViewDeps): DemoView {
  const gonePods: Pod[] = [];
  const follow = <T extends KubeObject>(resource: Resource<T>): Informer<T> => {
    const { client, clock, random, log, namespace } = deps;
    const informer = createInformer({ client, clock, random, log, resource, selection: { namespace } });
    informer.onEvent(deps.onChange);
    return informer;
  };
  const informers = {
    deployments: follow(deployments),
    statefulSets: follow(statefulSets),
    daemonSets: follow(daemonSets),
    jobs: follow(jobs),
    cronJobs: follow(cronJobs),
    pods: follow(pods),
    events: follow(events),
  };
  informers.pods.onEvent((event) => {
    if (event.type !== 'deleted') return;
    gonePods.push(event.object);
    if (gonePods.length > rememberedPods) gonePods.shift();
  });
  return {
    synced: () => Promise.all(Object.values(informers).map(({ synced }) => synced)),
    observed: () => ({
      deployments: informers.deployments.cache.list(),
      statefulSets: informers.statefulSets.cache.list(),
      daemonSets: informers.daemonSets.cache.list(),
      jobs: informers.jobs.cache.list(),
      cronJobs: informers.cronJobs.cache.list(),
      pods: informers.pods.cache.list(),
      events: informers.events.cache.list(),
      gonePods: [...gonePods],
      instances: new Set(
        [...informers.pods.cache.list(), ...gonePods]
          .map(({ metadata }) => metadata?.uid ?? '')
          .filter(deps.hasInstance),
      ),
      answers: deps.answers(),
    }),
    async run(signal) {
      await Promise.all(Object.values(informers).map((informer) => informer.run(signal)));
    },
  };
}
