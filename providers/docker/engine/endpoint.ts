import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ProviderError } from '../../contract/errors.ts';

/** Where an engine listens. */
export interface Endpoint {
  /** As the user named it, for messages. */
  readonly name: string;
  /** What HTTP requests are addressed to. */
  readonly origin: string;
  readonly socketPath?: string;
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  /** It may run on another machine: folders of this one cannot be mounted there. */
  readonly remote: boolean;
}

export interface EndpointEnvironment {
  readonly DOCKER_HOST?: string | undefined;
  readonly DOCKER_CERT_PATH?: string | undefined;
  readonly DOCKER_TLS_VERIFY?: string | undefined;
}

const defaultHost = 'unix:///var/run/docker.sock';
const forms = 'unix:///path/to.sock, tcp://host:port or https://host:port';

/**
 * Reads where the engine is, as the docker command does: the option, then DOCKER_HOST, then the usual socket. With
 * DOCKER_TLS_VERIFY or https the certificates of DOCKER_CERT_PATH are used (ca.pem, cert.pem, key.pem).
 */
export function resolveEndpoint(host: string | undefined, environment: EndpointEnvironment): Endpoint {
  const name = host ?? (environment.DOCKER_HOST || defaultHost);
  const origin = host === undefined && environment.DOCKER_HOST ? 'DOCKER_HOST' : 'provider.options.host';
  if (name.startsWith('unix://')) {
    const socketPath = name.slice('unix://'.length);
    if (!path.isAbsolute(socketPath)) throw invalid(origin, name, 'the path of a socket must be absolute');
    return { name, origin: 'http://localhost', socketPath, remote: false };
  }
  const url = URL.parse(name);
  if (url === null) throw invalid(origin, name, 'it is no address');
  if (!['tcp:', 'http:', 'https:'].includes(url.protocol))
    throw invalid(origin, name, `${url.protocol}// is not supported; forward it to a socket or a port`);
  if (!url.port) throw invalid(origin, name, 'the port is missing (usually 2376 with TLS, 2375 without)');
  const secure =
    url.protocol === 'https:' || (url.protocol === 'tcp:' && Boolean(environment.DOCKER_TLS_VERIFY));
  return {
    name,
    origin: `${secure ? 'https' : 'http'}://${url.host}`,
    remote: true,
    ...(secure && environment.DOCKER_CERT_PATH
      ? { tls: readCertificates(environment.DOCKER_CERT_PATH) }
      : {}),
  };
}

function readCertificates(folder: string): NonNullable<Endpoint['tls']> {
  const read = (file: string): string => {
    try {
      return readFileSync(path.join(folder, file), 'utf8');
    } catch (cause) {
      throw new ProviderError(
        'AuthFailed',
        `DOCKER_CERT_PATH: ${path.join(folder, file)} cannot be read; it must hold ca.pem, cert.pem and key.pem`,
        { cause },
      );
    }
  };
  return { ca: read('ca.pem'), cert: read('cert.pem'), key: read('key.pem') };
}

function invalid(origin: string, name: string, why: string): ProviderError {
  return new ProviderError('InvalidSpec', `${origin}: ${name}: ${why}; write ${forms}`);
}
