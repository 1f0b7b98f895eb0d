import type { KubeClient } from '../../src/kube/client.ts';
import { createInformer } from '../../src/kube/informer.ts';
import { pods } from '../../src/kube/resources.ts';
import type { Pod } from '../../src/kube/types.ts';
import { systemClock as clock } from '../../src/telemetry/clock.ts';
import { silentLog as log } from '../../src/telemetry/log.ts';

export interface StormWatchDeps {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly timeoutMs: number;
  readonly say: (line: string) => void;
}

/** What becomes of the Pods of one namespace, as a user sees it. */
export class StormWatch {
  /** Milliseconds from the call that created a Pod until it was seen Ready. */
  readonly latencies: number[] = [];
  /** UID of each Pod that became Ready, and when that was seen (milliseconds, wall clock). */
  readonly readyAt = new Map<string, number>();
  /** Names of Pods that were seen on two nodes. */
  readonly boundTwice = new Set<string>();
  ready = 0;
  gone = 0;
  readonly #deps: StormWatchDeps;
  readonly #created = new Map<string, number>();
  readonly #bindings = new Map<string, string>();
  readonly #ending = new AbortController();
  #change = (): void => undefined;
  #watching: Promise<void> | undefined;

  constructor(deps: StormWatchDeps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {
    const { client, namespace } = this.#deps;
    const informer = createInformer({
      ...{ client, clock, log, random: Math.random },
      ...{ resource: pods, selection: { namespace }, transform: slim },
    });
    informer.onEvent(({ type, object, ...event }) => {
      const { name = '', uid = '' } = object.metadata ?? {};
      const to = object.spec?.nodeName;
      if (to) {
        if ((this.#bindings.get(uid) ?? to) !== to) this.boundTwice.add(name);
        this.#bindings.set(uid, to);
      }
      if (type === 'deleted') this.gone++;
      const before = 'previous' in event && event.previous !== undefined && isReady(event.previous);
      if (type !== 'deleted' && isReady(object) && !before) {
        this.ready++;
        this.readyAt.set(uid, Date.now());
        const createdAt = this.#created.get(name);
        if (createdAt !== undefined) this.latencies.push(performance.now() - createdAt);
      }
      this.#change();
    });
    this.#watching = informer.run(this.#ending.signal);
    await informer.synced;
  }

  /** The Pod of this name is created now. */
  creates(name: string): void {
    this.#created.set(name, performance.now());
  }

  /** Waits until the condition holds, telling how far it is every two seconds. */
  async until(holds: () => boolean, progress: () => string): Promise<void> {
    const { timeoutMs, say } = this.#deps;
    const end = performance.now() + timeoutMs;
    const ticker = setInterval(() => say(`  ${progress()}`), 2_000);
    try {
      while (!holds()) {
        if (performance.now() > end) throw new Error(`not done after ${timeoutMs / 1000} s: ${progress()}`);
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, 500);
          this.#change = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    } finally {
      clearInterval(ticker);
    }
  }

  async end(): Promise<void> {
    this.#ending.abort();
    await this.#watching;
  }
}

/** Only what is looked at here: the watcher's own memory and time stay small. */
function slim({ metadata, spec, status }: Pod): Pod {
  const { name, namespace: where, uid, resourceVersion } = metadata ?? {};
  const conditions = status?.conditions?.filter(({ type }) => type === 'Ready');
  return {
    metadata: {
      ...(name && { name }),
      ...(where && { namespace: where }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
    },
    spec: { containers: [], ...(spec?.nodeName && { nodeName: spec.nodeName }) },
    status: { ...(conditions && { conditions }) },
  };
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
