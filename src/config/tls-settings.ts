import { ConfigError, type TlsSettings } from './settings.ts';

/** What `burstlet run` takes on the command line. */
export interface TlsFlags {
  readonly tlsCertFile?: string;
  readonly tlsPrivateKeyFile?: string;
  readonly rotateServerCertificates?: boolean;
  readonly clientCaFile?: string;
}

type TlsKey = keyof TlsSettings;

/** The TLS settings that the command line asks for; the flags have the names that the kubelet gives them. */
export function tlsOfFlags(flags: TlsFlags): TlsSettings {
  const { tlsCertFile, tlsPrivateKeyFile, clientCaFile, rotateServerCertificates } = flags;
  return {
    ...(tlsCertFile !== undefined && { certFile: tlsCertFile }),
    ...(tlsPrivateKeyFile !== undefined && { keyFile: tlsPrivateKeyFile }),
    ...(clientCaFile !== undefined && { clientCaFile }),
    ...(rotateServerCertificates !== undefined && { serverTLSBootstrap: rotateServerCertificates }),
  };
}

export function flagOfTls(key: TlsKey): string {
  return {
    certFile: '--tls-cert-file',
    keyFile: '--tls-private-key-file',
    serverTLSBootstrap: '--rotate-server-certificates',
    selfSigned: 'tls.selfSigned',
    clientCaFile: '--client-ca-file',
  }[key];
}

/** Throws ConfigError when settings contradict each other. `named` says how the user calls a setting. */
export function checkTls(tls: TlsSettings, named: (key: TlsKey) => string): void {
  const { certFile, keyFile, serverTLSBootstrap = false, selfSigned = true } = tls;
  if ((certFile === undefined) !== (keyFile === undefined)) {
    const alone = named(certFile === undefined ? 'keyFile' : 'certFile');
    throw new ConfigError(`${alone} is of no use alone: name both the certificate and its key, or neither`);
  }
  if (certFile !== undefined && serverTLSBootstrap)
    throw new ConfigError(
      `${named('serverTLSBootstrap')}: the certificate comes from ${named('certFile')} already; leave out one of them`,
    );
  if (!selfSigned && !serverTLSBootstrap && certFile === undefined)
    throw new ConfigError(
      `${named('selfSigned')}: false, but no other certificate is named: set tls.serverTLSBootstrap, or tls.certFile and tls.keyFile`,
    );
}
