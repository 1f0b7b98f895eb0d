/**
 * Kills the daemon with kill -9 in each phase of rollouts of 50 Pods on a real Docker engine: no container may be
 * doubled, leaked or restarted. The verdict is the engine's own, by its events and its list of containers.
 *
 *   npm run test:rollout
 *   npm run test:rollout -- --rollouts 2 --pods 10 --seed 7
 *
 * Runs on the engine of DOCKER_HOST, or on a dockerd of its own.
 */
import { parseArgs } from 'node:util';
import { Dockerd, whyNoDockerd } from '../../docker/dockerd.ts';
import { testEngine } from '../../docker/engine.ts';
import { killDuringRollouts } from './rollouts.ts';

const { values } = parseArgs({
  options: {
    rollouts: { type: 'string', default: '20' },
    pods: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
  },
});
const plan = {
  rollouts: Number(values.rollouts),
  pods: Number(values.pods),
  seed: Number(values.seed),
  say: (line: string) => console.log(line),
};

async function main(): Promise<number> {
  if (process.env.DOCKER_HOST) return judge(process.env.DOCKER_HOST);
  const reason = whyNoDockerd();
  if (reason !== undefined) {
    console.log(`skipped: ${reason}`);
    return 0;
  }
  const dockerd = await Dockerd.start();
  process.env.DOCKER_HOST = dockerd.host;
  try {
    return await judge(dockerd.host);
  } finally {
    await dockerd.end();
  }
}

async function judge(host: string): Promise<number> {
  const engine = await testEngine();
  if (typeof engine === 'string') throw new Error(engine);
  try {
    const { kills, pods, containers, started, violations } = await killDuringRollouts(engine, host, plan);
    for (const [phase, count] of kills) console.log(`killed while ${phase}: ${count} times`);
    for (const violation of violations) console.log(violation);
    const total = [...kills.values()].reduce((sum, one) => sum + one, 0);
    console.log(
      `${plan.rollouts} rollouts of ${plan.pods} Pods, ${total} kills: ${pods} Pods, ${containers} containers with ` +
        `the sandboxes, ${started} started; ${violations.length} doubled, leaked, ended or restarted`,
    );
    return violations.length === 0 ? 0 : 1;
  } finally {
    await engine.close();
  }
}

process.exitCode = await main();
