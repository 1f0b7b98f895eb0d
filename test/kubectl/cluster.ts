import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startDevSession } from '../../src/cli/wiring/dev-session.ts';
import { createPinoLog } from '../../src/telemetry/pino-log.ts';

export interface RunningCluster {
  /** A file. */
  readonly kubeconfig: string;
  stop(): Promise<void>;
}

/** What `burstlet dev` starts: a control plane, and a node whose Pods are processes of this machine. */
export async function startCluster(): Promise<RunningCluster> {
  const folder = await mkdtemp(path.join(tmpdir(), 'burstlet-kubectl-'));
  const session = await startDevSession({
    ...{ provider: 'process', providerOptions: {}, nodeName: 'burstlet-0', taint: false, port: 0 },
    ...{ stateDir: path.join(folder, 'state'), kubeconfig: path.join(folder, 'kubeconfig') },
    ...{ log: createPinoLog('error'), version: '0.0.0' },
  });
  return {
    kubeconfig: session.kubeconfig,
    async stop() {
      await session.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
