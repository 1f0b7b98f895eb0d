import type { Pod } from '../../kube/types.ts';
import { refusalDifference } from './judge-refusal.ts';
import { podStatus } from './object-lines.ts';
import {
  type Answer,
  isOwnedBy,
  isReady,
  named,
  nameOf,
  type Observed,
  podsOfDeployment,
  type Question,
} from './observed.ts';

/** An end state that has to be reached. */
export interface Expectation {
  /** What it is about: `Deployment web`. */
  readonly subject: string;
  /** What it should come to: `3 of 3 ready`. */
  readonly expected: string;
  /** What is there instead; undefined when it is as expected. */
  readonly difference: (seen: Observed) => string | undefined;
  /** What has to be asked now to tell. */
  readonly questions?: (seen: Observed) => readonly Question[];
}

export function readyDeployment(name: string, replicas: number): Expectation {
  return {
    subject: `Deployment ${name}`,
    expected: `${replicas} of ${replicas} ready`,
    difference(seen) {
      const deployment = named(seen.deployments, name);
      if (deployment === undefined) return 'no such Deployment';
      const { readyReplicas = 0, updatedReplicas = 0, replicas: all = 0 } = deployment.status ?? {};
      if (readyReplicas === replicas && updatedReplicas === replicas && all === replicas) return undefined;
      return `${readyReplicas} of ${all} ready${statuses(podsOfDeployment(seen.pods, name))}`;
    },
  };
}

/** Every ready Pod of a Deployment answers a request on its own address. */
export function answering(
  name: string,
  replicas: number,
  port: number,
  bodyOf: (pod: string) => string,
): Expectation {
  const question = (pod: Pod): Question => ({
    key: `GET ${pod.metadata?.uid}`,
    about: { type: 'http', url: `http://${pod.status?.podIP}:${port}/` },
  });
  const wrong = (pod: Pod, answer: Answer | undefined): string | undefined => {
    if (answer === undefined) return `${nameOf(pod)} was not asked yet`;
    if ('error' in answer) return `${nameOf(pod)} at ${pod.status?.podIP}: ${answer.error}`;
    const right = answer.status === 200 && answer.body === bodyOf(nameOf(pod));
    return right
      ? undefined
      : `${nameOf(pod)}: HTTP ${answer.status} ${JSON.stringify(answer.body.slice(0, 80))}`;
  };
  const ready = (seen: Observed): readonly Pod[] => podsOfDeployment(seen.pods, name).filter(isReady);
  return {
    subject: `Pods of Deployment ${name}`,
    expected: `HTTP 200 from each of the ${replicas} at its own address, with ${JSON.stringify(bodyOf('<name>'))}`,
    difference(seen) {
      const pods = ready(seen);
      const differences = pods.flatMap((pod) => wrong(pod, seen.answers.get(question(pod).key)) ?? []);
      if (differences.length > 0) return differences.join('; ');
      return pods.length === replicas ? undefined : `${pods.length} that are ready`;
    },
    questions: (seen) =>
      ready(seen)
        .map((pod) => ({ pod, asked: question(pod) }))
        .filter(({ pod, asked }) => wrong(pod, seen.answers.get(asked.key)) !== undefined)
        .map(({ asked }) => asked),
  };
}

export function completeJob(name: string): Expectation {
  return {
    subject: `Job ${name}`,
    expected: 'Complete',
    difference(seen) {
      const job = named(seen.jobs, name);
      if (job === undefined) return 'no such Job';
      const { conditions = [] } = job.status ?? {};
      const holds = (type: string): boolean =>
        conditions.some((one) => one.type === type && one.status === 'True');
      if (holds('Complete')) return undefined;
      const failed = conditions.find(({ type }) => type === 'Failed');
      const why = failed === undefined ? 'not complete' : `Failed (${failed.reason}: ${failed.message})`;
      return `${why}${statuses(seen.pods.filter((pod) => isOwnedBy(pod, 'Job', name)))}`;
    },
  };
}

/** A line in the log of a Pod of the Job, read through the API server as `kubectl logs` does. */
export function jobLog(name: string, line: string): Expectation {
  const podOf = (seen: Observed): Pod | undefined =>
    seen.pods.find((pod) => isOwnedBy(pod, 'Job', name) && pod.status?.phase === 'Succeeded');
  const keyOf = (pod: Pod): string => `log ${pod.metadata?.uid}`;
  const wrong = (answer: Answer | undefined): string | undefined => {
    if (answer === undefined) return 'not read yet';
    if ('error' in answer) return answer.error;
    if (answer.status !== 200) return `HTTP ${answer.status} ${JSON.stringify(answer.body.slice(0, 200))}`;
    return answer.body.split('\n').includes(line) ? undefined : JSON.stringify(answer.body.slice(-200));
  };
  return {
    subject: `Log of Job ${name}`,
    expected: `the line ${JSON.stringify(line)}`,
    difference(seen) {
      const pod = podOf(seen);
      return pod === undefined ? 'no Pod that has succeeded' : wrong(seen.answers.get(keyOf(pod)));
    },
    questions(seen) {
      const pod = podOf(seen);
      if (pod === undefined || wrong(seen.answers.get(keyOf(pod))) === undefined) return [];
      const { namespace = '' } = pod.metadata ?? {};
      return [{ key: keyOf(pod), about: { type: 'log', namespace, pod: nameOf(pod) } }];
    },
  };
}

export function readyStatefulSet(name: string, members: readonly string[]): Expectation {
  return {
    subject: `StatefulSet ${name}`,
    expected: `${members.length} of ${members.length} ready: ${members.join(', ')}`,
    difference(seen) {
      const set = named(seen.statefulSets, name);
      if (set === undefined) return 'no such StatefulSet';
      const pods = seen.pods.filter((pod) => isOwnedBy(pod, 'StatefulSet', name));
      const names = pods.filter(isReady).map(nameOf).sort();
      const { readyReplicas = 0 } = set.status ?? {};
      if (readyReplicas === members.length && names.join() === [...members].sort().join()) return undefined;
      return `${readyReplicas} of ${members.length} ready${statuses(pods)}`;
    },
  };
}

export function scheduledCronJob(name: string, schedule: string): Expectation {
  return {
    subject: `CronJob ${name}`,
    expected: `schedule ${JSON.stringify(schedule)}`,
    difference(seen) {
      const cronJob = named(seen.cronJobs, name);
      if (cronJob === undefined) return 'no such CronJob';
      const found = cronJob.spec?.schedule;
      return found === schedule ? undefined : `schedule ${JSON.stringify(found)}`;
    },
  };
}

/** A Pod that ran to its end after all of its init containers. */
export function succeededPod(name: string, initContainers: readonly string[]): Expectation {
  return {
    subject: `Pod ${name}`,
    expected: `Succeeded, with exit code 0 of ${initContainers.join(' and ')}`,
    difference(seen) {
      const pod = named(seen.pods, name);
      if (pod === undefined) return 'no such Pod';
      if (pod.status?.phase !== 'Succeeded') return podStatus(pod);
      const statusesOfInit = pod.status.initContainerStatuses ?? [];
      const bad = initContainers.flatMap((container) => {
        const code = statusesOfInit.find((one) => one.name === container)?.state?.terminated?.exitCode;
        return code === 0 ? [] : [`${container} ended with ${code ?? 'no exit code'}`];
      });
      return bad.length === 0 ? undefined : bad.join('; ');
    },
  };
}

const refusal = 'Failed before an instance was made, by status, message and Warning Event';

export function refusedPod(name: string, reason: string, field: string): Expectation {
  return {
    subject: `Pod ${name}`,
    expected: `${refusal}: ${reason} at ${field}`,
    difference(seen) {
      const pod = named(seen.pods, name);
      return pod === undefined ? 'no such Pod' : refusalDifference(pod, seen, reason, field);
    },
  };
}

/** The controller removes each failed Pod and makes another ever more slowly: any of them will do. */
export function refusedDaemonSet(name: string, reason: string, field: string): Expectation {
  return {
    subject: `Pods of DaemonSet ${name}`,
    expected: `${refusal}: ${reason} at ${field}`,
    difference(seen) {
      const pods = [...seen.gonePods, ...seen.pods].filter((pod) => isOwnedBy(pod, 'DaemonSet', name));
      const differences = pods.map((pod) => refusalDifference(pod, seen, reason, field));
      if (differences.includes(undefined)) return undefined;
      return differences.at(-1) ?? 'no Pod of it';
    },
  };
}

/** ` (web-1 CrashLoopBackOff, web-2 Running)` */
function statuses(pods: readonly Pod[]): string {
  return pods.length === 0 ? '' : ` (${pods.map((pod) => `${nameOf(pod)} ${podStatus(pod)}`).join(', ')})`;
}
