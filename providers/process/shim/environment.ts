import path from 'node:path';
import { markerVariable } from '../marker.ts';

const standardPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

export interface EnvironmentFacts {
  readonly containerId: string;
  readonly hostname: string;
  readonly ip: string;
  readonly home: string;
  /** The Node.js that runs this program; its folder ends the default PATH, so that a machine with only Node.js has one. */
  readonly nodeFile: string;
}

/**
 * The whole environment of a container: its own variables, the defaults that it does not set itself (PATH, HOME and
 * HOSTNAME as in a container; POD_IP, for on a shared network a server must know which address is its own), and the
 * marker. Nothing of the daemon's environment.
 */
export function containerEnvironment(
  own: readonly (readonly [name: string, value: string])[],
  facts: EnvironmentFacts,
): Record<string, string> {
  return {
    PATH: `${standardPath}:${path.dirname(facts.nodeFile)}`,
    HOME: facts.home,
    HOSTNAME: facts.hostname,
    POD_IP: facts.ip,
    ...Object.fromEntries(own),
    [markerVariable]: facts.containerId,
  };
}
