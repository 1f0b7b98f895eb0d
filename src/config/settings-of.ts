import os from 'node:os';
import path from 'node:path';
import { type BootstrapWish, bootstrapOf } from './bootstrap-settings.ts';
import type { ConfigSource } from './config-file.ts';
import { Faults } from './faults.ts';
import {
  checkAddress,
  checkLabel,
  checkNodeName,
  checkResourceName,
  readRestraint,
  subdomain,
} from './node-checks.ts';
import type { ConfigFile, NodeEntry } from './schema.ts';
import {
  ConfigError,
  type DnsSettings,
  type ListenAddress,
  type NodeSettings,
  type OutOfStockSettings,
  type Settings,
} from './settings.ts';
import { checkTls, flagOfTls, type TlsFlags, tlsOfFlags } from './tls-settings.ts';

/** What `burstlet run` takes on the command line when there is no file. */
export interface RunFlags extends BootstrapWish, TlsFlags {
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
      'which provider? Name one with --provider (docker, eci, fargate, mock, process, ./file.js or a package), or a file with --config',
    );
  }
  const listen = parseListen(flags.listen ?? defaultListen, '--listen');
  const name = flags.nodeName ?? `burstlet-${path.basename(flags.provider).replace(/\.[cm]?[jt]s$/, '')}`;
  checkNodeName(name, '--node-name');
  if (flags.address !== undefined) checkAddress(flags.address, '--address');
  const tls = tlsOfFlags(flags);
  checkTls(tls, flagOfTls);
  const bootstrap = bootstrapOf(flags, 1, (key) =>
    key === 'kubeconfig' ? '--kubeconfig' : '--bootstrap-kubeconfig',
  );
  return {
    ...(flags.kubeconfig === undefined ? {} : { kubeconfig: flags.kubeconfig }),
    ...(bootstrap && { bootstrap }),
    ...(flags.context === undefined ? {} : { context: flags.context }),
    stateDir: flags.stateDir ?? defaultStateDir(),
    logLevel: flags.logLevel ?? 'info',
    tls,
    dns: {},
    scheduler: bootstrap === undefined,
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

/** The settings that a file describes. Throws ConfigError with all that is wrong, each with its line. */
export function settingsOfFile({ file, config, at }: ConfigSource): Settings {
  const faults = new Faults();
  const nodes = config.nodes.map((node, index) =>
    nodeOf(node, faults, (...path) => at('nodes', index, ...path)),
  );
  refuseTwice(nodes, faults, at);
  const { kubeconfig, context, tls = {}, dns = {} } = config;
  checkDns(dns, faults, (...path) => at('dns', ...path));
  faults.collect(() => checkTls(tls, (key) => at('tls', key)));
  const bootstrap = faults.collect(() => bootstrapOf(config, nodes.length, (key) => at(key)));
  faults.collect(() => checkWithBootstrap(config, at));
  faults.throwAny();
  return {
    file,
    ...(kubeconfig === undefined ? {} : { kubeconfig }),
    ...(bootstrap && { bootstrap }),
    ...(context === undefined ? {} : { context }),
    stateDir: config.stateDir ?? defaultStateDir(),
    logLevel: config.logLevel ?? 'info',
    tls,
    dns,
    scheduler: config.scheduler ?? bootstrap === undefined,
    nodes,
  };
}

function nodeOf(node: NodeEntry, faults: Faults, at: ConfigSource['at']): NodeSettings {
  const { name, provider, address, labels = {}, capacity = {} } = node;
  faults.collect(() => checkNodeName(name, at('name')));
  if (address !== undefined) faults.collect(() => checkAddress(address, at('address')));
  for (const [key, value] of Object.entries(labels))
    faults.collect(() => checkLabel(key, value, at('labels', key)));
  for (const key of Object.keys(capacity)) faults.collect(() => checkResourceName(key, at('capacity', key)));
  const unenforced = (node.unenforced ?? []).flatMap(
    (restraint, index) => faults.collect(() => readRestraint(restraint, at('unenforced', index))) ?? [],
  );
  const listen = faults.collect(() => parseListen(node.listen ?? defaultListen, at('listen')));
  return {
    ...{ name, provider, labels, options: node.options ?? {} },
    listen: listen ?? { host: '', port: 0 },
    ...(address === undefined ? {} : { address }),
    taint: node.taint ?? true,
    capacity: Object.fromEntries(Object.entries(capacity).map(([key, value]) => [key, String(value)])),
    ...(node.outOfStock && { outOfStock: outOfStockOf(node.outOfStock) }),
    ...(unenforced.length > 0 && { unenforced }),
  };
}

function outOfStockOf({
  deadlineSeconds = 600,
  onDeadline = 'wait',
}: NonNullable<NodeEntry['outOfStock']>): OutOfStockSettings {
  return { deadlineMs: deadlineSeconds * 1000, onDeadline };
}

function refuseTwice(nodes: readonly NodeSettings[], faults: Faults, at: ConfigSource['at']): void {
  const names = new Set<string>();
  const ports = new Set<number>();
  const refuse = (index: number, key: string, what: string): void =>
    faults.collect(() => {
      throw new ConfigError(`${at('nodes', index, key)}: ${what}`);
    });
  for (const [index, { name, listen }] of nodes.entries()) {
    if (names.has(name)) refuse(index, 'name', `${name} is the name of an earlier node too`);
    if (listen.port !== 0 && ports.has(listen.port))
      refuse(index, 'listen', `port ${listen.port} is taken by an earlier node; each needs its own`);
    names.add(name);
    ports.add(listen.port);
  }
}

function checkWithBootstrap(config: ConfigFile, at: ConfigSource['at']): void {
  const { bootstrapKubeconfig, rotateCertificates, scheduler } = config;
  if (bootstrapKubeconfig !== undefined && scheduler === true)
    throw new ConfigError(
      `${at('scheduler')}: the identity that comes by bootstrapKubeconfig may not bind Pods; leave it out`,
    );
  if (bootstrapKubeconfig === undefined && rotateCertificates !== undefined)
    throw new ConfigError(
      `${at('rotateCertificates')}: it is about the certificate that comes by bootstrapKubeconfig, and there is none; leave it out`,
    );
}

function checkDns({ nameservers = [], domain }: DnsSettings, faults: Faults, at: ConfigSource['at']): void {
  for (const [index, address] of nameservers.entries())
    faults.collect(() => checkAddress(address, at('nameservers', index)));
  if (domain === undefined || (domain.length <= 253 && subdomain.test(domain))) return;
  faults.collect(() => {
    throw new ConfigError(
      `${at('domain')}: "${domain}" is not a domain, such as cluster.local (lower case, without a dot at its ends)`,
    );
  });
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
