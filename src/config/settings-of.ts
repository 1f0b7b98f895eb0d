import os from 'node:os';
import path from 'node:path';
import { checkAddress, checkLabels, checkNodeName, checkResourceNames, subdomain } from './node-checks.ts';
import type { ConfigFile } from './schema.ts';
import {
  ConfigError,
  type DnsSettings,
  type ListenAddress,
  type NodeSettings,
  type Settings,
  type TlsSettings,
} from './settings.ts';

/** What `burstlet run` takes on the command line when there is no file. */
export interface RunFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly nodeName?: string;
  readonly provider?: string;
  readonly listen?: string;
  readonly address?: string;
  readonly taint?: boolean;
  readonly stateDir?: string;
  readonly logLevel?: Settings['logLevel'];
}

const defaultListen = '0.0.0.0:10250';

/** The settings of a single node, from flags. */
export function settingsOfFlags(flags: RunFlags): Settings {
  if (flags.provider === undefined) {
    throw new ConfigError(
      'which provider? Name one with --provider (docker, mock, process, ./file.js or a package), or a file with --config',
    );
  }
  const listen = parseListen(flags.listen ?? defaultListen, '--listen');
  const name = flags.nodeName ?? `burstlet-${path.basename(flags.provider).replace(/\.[cm]?[jt]s$/, '')}`;
  checkNodeName(name, '--node-name');
  if (flags.address !== undefined) checkAddress(flags.address, '--address');
  return {
    ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
    ...(flags.context === undefined ? {} : { context: flags.context }),
    stateDir: flags.stateDir ?? defaultStateDir(),
    logLevel: flags.logLevel ?? 'info',
    tls: {},
    dns: {},
    scheduler: true,
    nodes: [
      {
        name,
        provider: flags.provider,
        options: {},
        listen,
        ...(flags.address === undefined ? {} : { address: flags.address }),
        taint: flags.taint ?? true,
        labels: {},
        capacity: {},
      },
    ],
  };
}

/** The settings that a file describes. `file` is only for the messages. */
export function settingsOfFile(config: ConfigFile, file: string): Settings {
  const nodes = config.nodes.map((node, index): NodeSettings => {
    const { address, labels = {}, capacity = {} } = node;
    const where = `${file}: nodes[${index}]`;
    checkNodeName(node.name, `${where}.name`);
    if (address !== undefined) checkAddress(address, `${where}.address`);
    checkLabels(labels, `${where}.labels`);
    checkResourceNames(Object.keys(capacity), `${where}.capacity`);
    return {
      name: node.name,
      provider: node.provider,
      options: node.options ?? {},
      listen: parseListen(node.listen ?? defaultListen, `${where}.listen`),
      ...(address === undefined ? {} : { address }),
      taint: node.taint ?? true,
      labels,
      capacity: Object.fromEntries(Object.entries(capacity).map(([name, value]) => [name, String(value)])),
    };
  });
  refuseTwice(nodes, file);
  const { kubeconfig, context, tls = {}, dns = {} } = config;
  checkDns(dns, file);
  checkTls(tls, file);
  return {
    file,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(context === undefined ? {} : { context }),
    stateDir: config.stateDir ?? defaultStateDir(),
    logLevel: config.logLevel ?? 'info',
    tls,
    dns,
    scheduler: config.scheduler ?? true,
    nodes,
  };
}

function refuseTwice(nodes: readonly NodeSettings[], file: string): void {
  const names = new Set<string>();
  const ports = new Set<number>();
  for (const [index, { name, listen }] of nodes.entries()) {
    if (names.has(name))
      throw new ConfigError(`${file}: nodes[${index}].name: ${name} is the name of an earlier node too`);
    if (listen.port !== 0 && ports.has(listen.port)) {
      throw new ConfigError(
        `${file}: nodes[${index}].listen: port ${listen.port} is taken by an earlier node; each needs its own`,
      );
    }
    names.add(name);
    ports.add(listen.port);
  }
}

function checkTls({ certFile, keyFile }: TlsSettings, file: string): void {
  if ((certFile === undefined) === (keyFile === undefined)) return;
  const alone = certFile === undefined ? 'keyFile' : 'certFile';
  throw new ConfigError(
    `${file}: tls.${alone} is of no use alone: name both tls.certFile and tls.keyFile, or neither`,
  );
}

function checkDns({ nameservers = [], domain }: DnsSettings, file: string): void {
  for (const [index, address] of nameservers.entries())
    checkAddress(address, `${file}: dns.nameservers[${index}]`);
  if (domain !== undefined && !(domain.length <= 253 && subdomain.test(domain)))
    throw new ConfigError(
      `${file}: dns.domain: "${domain}" is not a domain, such as cluster.local (lower case, without a dot at its ends)`,
    );
}

function parseListen(text: string, where: string): ListenAddress {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || port > 65_535)
    throw new ConfigError(`${where}: "${text}" is not an address with a port, such as ${defaultListen}`);
  return { host, port };
}

/** $XDG_STATE_HOME/burstlet, or /var/lib/burstlet for root (file hierarchy standard, XDG base directories). */
function defaultStateDir(): string {
  if (process.getuid?.() === 0) return '/var/lib/burstlet';
  return path.join(process.env.XDG_STATE_HOME ?? path.join(os.homedir(), '.local', 'state'), 'burstlet');
}
