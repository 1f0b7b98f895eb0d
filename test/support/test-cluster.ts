import { inject } from 'vitest';
import type { CertificateRequest, IssuedCertificate } from '../../src/devcluster/authority.ts';
import { createDevCluster } from '../../src/devcluster/dev-cluster.ts';
import { kubeconfigOf, writeKubeconfig } from '../../src/devcluster/kubeconfig.ts';
import type { SharedControlPlane } from '../e2e/support/global-setup.ts';

/** What tests know of a control plane, be it the embedded or a real one. */
export interface TestCluster {
  /** `https://127.0.0.1:PORT` */
  readonly url: string;
  readonly caPem: string;
  /** An administrator's. */
  readonly token: string;
  issueServingCertificate(request: CertificateRequest): Promise<IssuedCertificate>;
  writeKubeconfig(path: string): Promise<void>;
  stop(): Promise<void>;
}

/** The real control plane of `npm run test:e2e`, which goes on afterwards. */
function realControlPlane(): SharedControlPlane | undefined {
  return inject('controlPlane');
}

/** True in `npm run test:e2e`. */
export function isReal(): boolean {
  return realControlPlane() !== undefined;
}

/** A control plane for one test file: embedded and without controllers, or in `npm run test:e2e` the real one. */
export async function openTestCluster(): Promise<TestCluster> {
  const real = realControlPlane();
  if (real === undefined) {
    const embedded = await createDevCluster({ controllers: false });
    await embedded.start();
    return embedded;
  }
  const { url, caPem, token, serving } = real;
  return {
    ...{ url, caPem, token },
    issueServingCertificate: async () => serving,
    writeKubeconfig: (path) => writeKubeconfig(path, kubeconfigOf(url, caPem, { token })),
    stop: async () => undefined,
  };
}
