import type { ProbeOutcome } from '../../../providers/contract/index.ts';
import { type Exposed, Family } from '../../telemetry/exposition.ts';

/** In the words of the kubelet (pkg/kubelet/prober/prober_manager.go). */
const types = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' } as const;
const results = { success: 'successful', failure: 'failed', error: 'unknown' } as const;

interface Counted extends ProbeOutcome {
  count: number;
}

/** How the probes of the node's Pods came out; the series of a Pod end with it. */
export class ProbeCounts {
  readonly #counts = new Map<string, Counted>();

  add(outcome: ProbeOutcome): void {
    const { podUid, container, probe, result } = outcome;
    const key = JSON.stringify([podUid, container, probe, result]);
    const known = this.#counts.get(key);
    if (known === undefined) this.#counts.set(key, { ...outcome, count: 1 });
    else known.count++;
  }

  /** The families of /metrics/probes. What belongs to no Pod any more is forgotten. */
  families(isKnown: (podUid: string) => boolean): Exposed[] {
    const total = new Family(
      'counter',
      'prober_probe_total',
      'Cumulative number of a liveness, readiness or startup probe for a container by result.',
    );
    for (const [key, { podUid, namespace, pod, container, probe, result, count }] of this.#counts) {
      if (!isKnown(podUid)) this.#counts.delete(key);
      else
        total.add(
          {
            ...{ container, namespace, pod, pod_uid: podUid },
            ...{ probe_type: types[probe], result: results[result] },
          },
          count,
        );
    }
    return [total];
  }
}
