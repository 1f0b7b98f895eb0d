import { ConfigError, type NodeSettings, type Settings } from '../../config/settings.ts';
import type { KubeClient } from '../../kube/client.ts';
import { CertificateManager } from '../../node/certificates/certificate-manager.ts';
import {
  type CertificateSource,
  lasting,
  type NodeTeller,
  unasked,
} from '../../node/certificates/certificate-source.ts';
import { CertificateStore } from '../../node/certificates/certificate-store.ts';
import { type ReadAgainDeps, readAgain } from '../../node/certificates/read-again.ts';
import {
  certificateFromFiles,
  type ServingCertificate,
  selfSignedCertificate,
} from '../../node/serving-certificate.ts';
import type { Metrics } from '../../telemetry/metrics.ts';
import { pkiFolder } from './pki-folder.ts';

export interface ServingCertificatesDeps extends ReadAgainDeps {
  readonly client: KubeClient;
  readonly metrics: Metrics;
  /** In place of a self-signed certificate. */
  readonly given?: ((hosts: readonly string[]) => Promise<ServingCertificate>) | undefined;
}

const filesMs = 30_000;

/** Where a node gets the certificate of its API from, as the settings have it. `addresses`: those of the Node object. */
export async function servingCertificates(
  { tls, file, stateDir }: Settings,
  { name }: NodeSettings,
  deps: ServingCertificatesDeps,
  addresses: readonly string[],
  tell: NodeTeller,
  signal: AbortSignal,
): Promise<CertificateSource> {
  const { certFile, keyFile } = tls;
  if (certFile !== undefined && keyFile !== undefined)
    return unasked(await fromFiles(certFile, keyFile, deps, signal).catch(refuse(file, certFile)));
  const hosts = [...addresses, name];
  if (deps.given !== undefined) return unasked(lasting(await deps.given(hosts)));
  const selfSigned = () => selfSignedCertificate(name, hosts, deps.clock.now());
  if (!tls.serverTLSBootstrap) return unasked(lasting(await selfSigned()));
  const manager = new CertificateManager({
    ...deps,
    store: new CertificateStore({ folder: pkiFolder(stateDir, name), prefix: 'kubelet-server' }),
    wish: { usage: 'server', nodeName: name, hosts: addresses },
    tell,
    onOutcome: (outcome) => deps.metrics.certificateRequest({ node: name, usage: 'server', outcome }),
  });
  const kept = await manager.load();
  return {
    first: kept ?? (tls.selfSigned === false ? undefined : await selfSigned()),
    get isPending() {
      return manager.isPending;
    },
    follow: (use, until) => manager.run(use, until),
  };
}

function fromFiles(certFile: string, keyFile: string, deps: ReadAgainDeps, signal: AbortSignal) {
  return readAgain<ServingCertificate | undefined>(
    deps,
    {
      what: `the certificate in ${certFile}`,
      everyMs: filesMs,
      read: () => certificateFromFiles(certFile, keyFile),
      isSame: (one, other) => one?.cert === other?.cert && one?.key === other?.key,
    },
    signal,
  );
}

function refuse(file: string | undefined, certFile: string) {
  return (error: unknown): never => {
    const why = error instanceof Error ? error.message : String(error);
    const key = file === undefined ? '--tls-cert-file' : `${file}: tls.certFile`;
    throw new ConfigError(`${key}: ${certFile} and its key cannot be used: ${why}`);
  };
}
