import { seededRandom } from '../../providers/mock/index.ts';
import { require, requireNone } from './failure.ts';
import type { PodWish } from './pod-script.ts';
import { roughCloud } from './scenario.ts';
import { World } from './world.ts';

export interface ChurnSummary {
  /** Pods that had the name, one after the other. */
  readonly pods: number;
  readonly kills: number;
}

const web: PodWish = {
  name: 'web-0',
  spec: { containers: [{ name: 'main', image: 'app:1' }], terminationGracePeriodSeconds: 5 },
  annotations: {},
  finalizers: [],
  kept: false,
};

/** Longest that one round may take, so that a Pod that is stuck shows; milliseconds. */
const roundMs = 600_000;

/**
 * As a StatefulSet: the same name is deleted and made again, `rounds` times, gracefully or by force, as soon as it runs
 * or before, in rough weather and with a daemon that dies now and then.
 */
export async function churn(rounds: number, seed: number): Promise<ChurnSummary> {
  const random = seededRandom(seed);
  const world = new World({ seed, cloudRates: roughCloud, killAt: () => random() < 0.004 });
  const uids = new Set<string>();
  world.start();
  for (let round = 0; round < rounds; round++) {
    world.do({ type: 'create', pod: web });
    uids.add(world.pod(web.name)?.metadata?.uid ?? '');
    if (random() < 0.8) await until(world, () => world.pod(web.name)?.status?.phase === 'Running');
    else await world.clock.advance(random() * 50);
    world.do({ type: 'delete', name: web.name, ...(random() < 0.3 ? { graceSeconds: 0 } : {}) });
    await until(world, () => world.pod(web.name) === undefined);
  }
  await world.calmDown(300_000);
  await world.conclude();
  requireNone(world.auditor.violations, `churn of seed ${seed}`);
  require(uids.size === rounds, `${uids.size} Pods in ${rounds} rounds`);
  require(world.cloud.size === 0, `${world.cloud.size} instances are left`);
  require(world.cloud.ledger.maxLivePerPod === 1, `${world.cloud.ledger.maxLivePerPod} instances of one Pod`);
  return { pods: uids.size, kills: world.kills };
}

async function until(world: World, holds: () => boolean): Promise<void> {
  const end = world.clock.now() + roundMs;
  while (!holds()) {
    require(world.clock.now() < end, `Pod is stuck: ${JSON.stringify(world.pod(web.name)?.status)}`);
    await world.clock.advance(250);
  }
}
