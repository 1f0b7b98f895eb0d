import { isIP } from 'node:net';
import { isRestraint, type RestraintName, restraintNames } from '../../providers/contract/restraints.ts';
import { ConfigError } from './settings.ts';

/** RFC 1123, as Kubernetes takes it for its subdomains. */
export const subdomain = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
/** The name part of a label key or a resource name; a label value, when it is not empty. */
const labelText = /^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/;
const maxLabelText = 63;
const maxSubdomain = 253;

/** Resources without a domain that a node can have. */
const plainResources = ['cpu', 'memory', 'ephemeral-storage', 'pods'];

/** The labels that the node sets by itself; what the configuration says of them would be lost. */
export const ownLabels: readonly string[] = [
  'type',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'kubernetes.io/arch',
  'node.kubernetes.io/exclude-from-external-load-balancers',
  'node.kubernetes.io/instance-type',
];

/** Shorter than the API server takes it: the name is also the value of the label kubernetes.io/hostname. */
export function checkNodeName(name: string, where: string): void {
  if (name.length <= maxLabelText && subdomain.test(name)) return;
  throw new ConfigError(
    `${where}: "${name}" cannot be the name of a Node; use lower case letters, digits, "-" and ".", at most ${maxLabelText}, with a letter or a digit around each "."`,
  );
}

export function checkAddress(address: string, where: string): void {
  if (isIP(address) === 0)
    throw new ConfigError(`${where}: "${address}" is not an IP address, such as 10.0.0.5`);
}

/** Key and value as the API server takes them (apimachinery, pkg/util/validation). */
export function checkLabel(key: string, value: string, where: string): void {
  if (!isQualified(key))
    throw new ConfigError(
      `${where}: not the key of a label; it is like team or example.com/team, of letters, digits, "-", "_" and "."`,
    );
  if (ownLabels.includes(key))
    throw new ConfigError(`${where}: Burstlet sets this label by itself; leave it out`);
  if (value !== '' && !isLabelText(value))
    throw new ConfigError(
      `${where}: "${value}" is not the value of a label; it has at most ${maxLabelText} letters, digits, "-", "_" and ".", and a letter or a digit at both ends`,
    );
}

export function checkResourceName(name: string, where: string): void {
  if (!plainResources.includes(name) && !(name.includes('/') && isQualified(name)))
    throw new ConfigError(
      `${where}: not a resource; there are ${plainResources.join(', ')}, and any with a domain, such as example.com/gpu`,
    );
}

/** A name in `unenforced`. */
export function readRestraint(name: string, where: string): RestraintName {
  if (isRestraint(name)) return name;
  throw new ConfigError(
    `${where}: "${name}" cannot be left out. A Pod may run only without what takes rights from its programs and gives them nothing: ${restraintNames.join(', ')}`,
  );
}

function isQualified(text: string): boolean {
  const [name = '', domain, ...more] = text.split('/').reverse();
  const domainFits = domain === undefined || (domain.length <= maxSubdomain && subdomain.test(domain));
  return more.length === 0 && domainFits && isLabelText(name);
}

function isLabelText(text: string): boolean {
  return text.length <= maxLabelText && labelText.test(text);
}
