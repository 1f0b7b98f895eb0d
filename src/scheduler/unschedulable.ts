import type { KubeClient } from '../kube/client.ts';
import { isConflict, isNotFound } from '../kube/errors.ts';
import type { EventRecorder } from '../kube/events.ts';
import { pods } from '../kube/resources.ts';
import type { Pod, PodCondition } from '../kube/types.ts';
import { backoffMs } from '../telemetry/backoff.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';

export interface UnschedulableDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly client: KubeClient;
  readonly events: EventRecorder;
}

interface Notice {
  readonly pod: Pod;
  readonly message: string;
  readonly signal: AbortSignal;
  failures: number;
}

/** Conditions written at the same time: bindings go first. */
const concurrency = 4;
const callTimeoutMs = 10_000;

/**
 * Says why a Pod has no node: an Event, and the condition that `kubectl describe` shows (pkg/scheduler/schedule_one.go,
 * handleSchedulingFailure). Each message once; only the latest of a Pod is written.
 */
export class Unschedulable {
  readonly #deps: UnschedulableDeps;
  readonly #told = new Map<string, string>();
  readonly #queue = new Map<string, Notice>();
  readonly #writing = new Map<string, Promise<void>>();

  constructor(deps: UnschedulableDeps) {
    this.#deps = deps;
  }

  /** Never blocks, never throws. What the signal interrupts is not written. */
  tell(pod: Pod, message: string, signal: AbortSignal): void {
    const { name = '', namespace = '', uid = '', resourceVersion = '' } = pod.metadata ?? {};
    const known = this.#told.get(uid) ?? scheduledCondition(pod)?.message;
    this.#told.set(uid, message);
    if (known === message) return;
    const object = { apiVersion: 'v1', kind: 'Pod', name, namespace, uid, resourceVersion };
    this.#deps.events.event({ object, type: 'Warning', reason: 'FailedScheduling', message });
    this.#queue.set(uid, { pod, message, signal, failures: 0 });
    this.#pump();
  }

  /** The Pod has a place: nothing is written any more when this resolves, or the place would be denied afterwards. */
  async settled(uid: string): Promise<void> {
    this.forget(uid);
    await this.#writing.get(uid);
  }

  forget(uid: string): void {
    this.#told.delete(uid);
    this.#queue.delete(uid);
  }

  #pump(): void {
    for (const [uid, notice] of this.#queue) {
      if (this.#writing.size >= concurrency) return;
      if (this.#writing.has(uid)) continue;
      this.#queue.delete(uid);
      const writing = this.#write(uid, notice).finally(() => {
        this.#writing.delete(uid);
        this.#pump();
      });
      this.#writing.set(uid, writing);
    }
  }

  /** Never rejects. */
  async #write(uid: string, notice: Notice): Promise<void> {
    const { client, clock, log, random } = this.#deps;
    const { name = '', namespace = '' } = notice.pod.metadata ?? {};
    const { signal } = notice;
    const body = { metadata: { uid }, status: { conditions: [conditionOf(notice, clock.now())] } };
    try {
      await client.patch(pods, { name, namespace }, body, {
        subresource: 'status',
        type: 'strategic',
        timeoutMs: callTimeoutMs,
        signal,
      });
    } catch (error) {
      // Gone, or another Pod of the same name.
      if (isNotFound(error) || isConflict(error) || signal.aborted) return;
      const waitMs = backoffMs(notice.failures++, 1_000, 60_000, random);
      log.warn(
        { pod: `${namespace}/${name}`, error: String(error), waitMs },
        'a scheduling condition was not written',
      );
      clock.schedule(waitMs, () => {
        if (this.#told.get(uid) !== notice.message || this.#queue.has(uid)) return;
        this.#queue.set(uid, notice);
        this.#pump();
      });
    }
  }
}

function scheduledCondition(pod: Pod): PodCondition | undefined {
  return pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
}

function conditionOf({ pod, message }: Notice, now: number): PodCondition {
  const before = scheduledCondition(pod);
  const since = before?.status === 'False' ? before.lastTransitionTime : undefined;
  return {
    type: 'PodScheduled',
    status: 'False',
    reason: 'Unschedulable',
    message,
    lastTransitionTime: since ?? `${new Date(now).toISOString().slice(0, 19)}Z`,
  };
}
