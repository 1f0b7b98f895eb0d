import type { Capacity } from '../../../providers/contract/index.ts';
import type { TlsSettings } from '../../config/settings.ts';
import type { NodeDns } from '../../podspec/references.ts';

export interface ConfigurationInput {
  readonly address: string;
  readonly port: number;
  readonly tls: TlsSettings;
  readonly dns: NodeDns;
  readonly capacity: Capacity;
}

/**
 * What /configz shows: the settings of the node, and what it does without being told, in the words of
 * kubelet.config.k8s.io/v1beta1. Only what is true of it.
 */
export function kubeletConfiguration(input: ConfigurationInput): Readonly<Record<string, unknown>> {
  const { address, port, tls, dns, capacity } = input;
  return {
    enableServer: true,
    address,
    port,
    ...(tls.certFile !== undefined && { tlsCertFile: tls.certFile, tlsPrivateKeyFile: tls.keyFile }),
    tlsMinVersion: 'VersionTLS12',
    serverTLSBootstrap: tls.serverTLSBootstrap ?? false,
    authentication: {
      x509: tls.clientCaFile === undefined ? {} : { clientCAFile: tls.clientCaFile },
      webhook: { enabled: true, cacheTTL: '2m0s' },
      anonymous: { enabled: false },
    },
    authorization: {
      mode: 'Webhook',
      webhook: { cacheAuthorizedTTL: '5m0s', cacheUnauthorizedTTL: '30s' },
    },
    registerNode: true,
    clusterDomain: dns.clusterDomain,
    clusterDNS: dns.clusterDns,
    streamingConnectionIdleTimeout: '4h0m0s',
    nodeStatusReportFrequency: '5m0s',
    nodeLeaseDurationSeconds: 40,
    maxPods: capacity.instances,
    enableDebuggingHandlers: true,
  };
}
