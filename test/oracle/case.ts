import type { KubeClient } from '../../src/kube/client.ts';
import type { Resource } from '../../src/kube/resources.ts';
import type {
  ConfigMap,
  Container,
  KubeObject,
  ObjectMeta,
  Pod,
  PodSpec,
  Secret,
} from '../../src/kube/types.ts';

export const busyboxImage = 'registry.k8s.io/e2e-test-images/busybox:1.37.0-1';
export const agnhostImage = 'registry.k8s.io/e2e-test-images/agnhost:2.63.0';
/** Nobody listens there. */
export const refusedImage = '127.0.0.1:1/none:1';

/** Whether a Pod has come to where something is to be done or compared. Called with each status that is written. */
export type Look = (pod: Pod) => boolean;

export interface StepContext {
  readonly client: KubeClient;
  readonly namespace: string;
  /** Of the Pod. */
  readonly name: string;
  /** Makes an object that is removed with the Pod. */
  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<unknown>;
}

export interface Step {
  readonly when: Look;
  readonly act: (context: StepContext) => Promise<unknown>;
}

/** A Pod that is run on both nodes, in a namespace of each. */
export interface OracleCase {
  /** Also the name of the Pod. */
  readonly name: string;
  readonly spec: PodSpec;
  readonly metadata?: Pick<ObjectMeta, 'labels' | 'annotations' | 'finalizers'>;
  /** What is there before the Pod is. */
  readonly configMaps?: readonly ConfigMap[];
  readonly secrets?: readonly Secret[];
  /** What is done while it lives, one after the other. */
  readonly steps?: readonly Step[];
  /** The first status after the steps that is so is compared; `gone`: the last before the Pod was removed. */
  readonly until: Look | 'gone';
  /** How long it may take, default 60. */
  readonly seconds?: number;
  /** Bound by name, without a scheduler. */
  readonly bound?: boolean;
}

/** A container of the busybox image that runs a script. */
export function shell(script: string, more: Partial<Container> = {}): Container {
  return { name: 'main', image: busyboxImage, command: ['sh', '-c', script], ...more };
}

/** Ignores SIGTERM: it is PID 1 and has no handler. */
export const forever = 'sleep 3600';

/** Answers SIGTERM at once, with what the script does. */
export function onTerm(script: string): string {
  return `trap '${script}' TERM; sleep 3600 & wait`;
}

export function polite(code = 0): string {
  return onTerm(`exit ${code}`);
}

/** A container that serves HTTP at 8080. */
export function server(more: Partial<Container> = {}): Container {
  return { name: 'main', image: agnhostImage, args: ['netexec', '--http-port=8080'], ...more };
}

/** A spec around its containers. */
export function pod(
  containers: Container | readonly Container[],
  more: Partial<PodSpec> = {},
): { readonly spec: PodSpec } {
  return {
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 3,
      ...more,
      containers: Array.isArray(containers) ? [...containers] : [containers as Container],
    },
  };
}

export const once: Partial<PodSpec> = { restartPolicy: 'Never' };

export const phase =
  (...phases: string[]): Look =>
  ({ status }) =>
    phases.includes(status?.phase ?? '');

export const condition =
  (type: string, status: string): Look =>
  (pod) =>
    pod.status?.conditions?.some((one) => one.type === type && one.status === status) === true;

const over = phase('Succeeded', 'Failed');
const hasSandbox = condition('PodReadyToStartContainers', 'True');

/** A kubelet says that a Pod is over and, in a second write, that its sandbox is gone. */
export const ended: Look = (pod) => over(pod) && !hasSandbox(pod);

export const ready = condition('Ready', 'True');

const statusesOf = ({ status }: Pod) => [
  ...(status?.initContainerStatuses ?? []),
  ...(status?.containerStatuses ?? []),
];

/** A container waits for this reason and was restarted that often at least. */
export const waits =
  (reason: string, restarts = 0): Look =>
  (pod) =>
    statusesOf(pod).some(
      ({ state, restartCount }) => state?.waiting?.reason === reason && restartCount >= restarts,
    );

/** Ended for the second time. A kubelet says CrashLoopBackOff only when the pause is over, with the next start. */
export const inBackOff: Look = (pod) =>
  statusesOf(pod).some(
    ({ state, restartCount }) =>
      restartCount > 0 && (state?.terminated !== undefined || state?.waiting?.reason === 'CrashLoopBackOff'),
  );

export const restarted =
  (container: string, times: number): Look =>
  (pod) =>
    statusesOf(pod).some(
      ({ name, restartCount, state }) =>
        name === container && restartCount >= times && state?.running !== undefined,
    );

export const runs =
  (container: string): Look =>
  (pod) =>
    statusesOf(pod).some(({ name, state }) => name === container && state?.running !== undefined);

export const both =
  (one: Look, other: Look): Look =>
  (pod) =>
    one(pod) && other(pod);
