import type { KubeClient } from '../../kube/client.ts';
import { loadClusterAccess } from '../../kube/cluster-access.ts';
import { createKubeClient } from '../../kube/rest-client.ts';
import type { Clock } from '../../telemetry/clock.ts';
import type { Log } from '../../telemetry/log.ts';
import type { DevSession } from '../wiring/dev-session.ts';
import { Asker } from './asker.ts';
import { createDemoView, type DemoView } from './demo-view.ts';
import { createFetcher } from './fetcher.ts';
import type { Question } from './observed.ts';
import { createPulse, type Pulse } from './pulse.ts';

export interface StageDeps {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly version: string;
}

/** A cluster as its user sees it: through the kubeconfig, and by what the Pods answer. */
export interface Stage {
  readonly client: KubeClient;
  readonly view: Pick<DemoView, 'observed' | 'synced'>;
  /** Beats when there is something new to see. */
  readonly pulse: Pick<Pulse, 'next'>;
  ask(questions: readonly Question[]): void;
  close(): Promise<void>;
}

/** Where the examples live: manifests/examples/00-namespace.yaml. */
const namespace = 'demo';
/** Changes come in showers. */
const settleMs = 100;

export async function openStage(session: DevSession, deps: StageDeps): Promise<Stage> {
  const { clock, random, log, version } = deps;
  const { kubeconfig, cluster, daemon } = session;
  const access = await loadClusterAccess({ kubeconfig }, { clock, log, env: {}, home: '/' });
  const { server, credentials } = access;
  const userAgent = `burstlet-demo/${version}`;
  const client = createKubeClient({ clock, random, log, server, credentials, userAgent });
  const fetcher = createFetcher(cluster);
  const pulse = createPulse(clock, settleMs);
  const asker = new Asker({ clock, fetcher, onChange: pulse.beat });
  const ending = new AbortController();
  const view = createDemoView({
    ...{ client, clock, random, log, namespace },
    hasInstance: (uid) => daemon.nodes.some((node) => node.pods.instances.of(uid).length > 0),
    answers: () => asker.answers,
    onChange: pulse.beat,
  });
  const watching = view.run(ending.signal);
  return {
    ...{ client, view, pulse },
    ask: (questions) => asker.ask(questions, ending.signal),
    async close() {
      ending.abort();
      await Promise.all([watching, client.close(), fetcher.close()]);
    },
  };
}
