import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** A listening TCP socket, from /proc/net/tcp or tcp6 (proc_pid_net(5)). */
export interface ListeningSocket {
  /** Hexadecimal, each 32-bit word in the order of the machine's bytes. */
  readonly address: string;
  readonly port: number;
  readonly inode: string;
}

const wildcards = ['00000000', '0'.repeat(32)];
/** On the big-endian ones the words read forwards. */
const loopbacks = ['0100007F', '7F000001'];
const loopbacks6 = [`${'0'.repeat(24)}01000000`, `${'0'.repeat(31)}1`];
const listening = '0A';

/**
 * Where to reach a server that one of these processes has on a port: under the sandbox's own address `ip`, or the loopback
 * of the machine. All sandboxes share these, so a port counts only when its socket belongs to one of the processes: a
 * connection never goes to the server of somebody else. Without /proc/net nothing is known of owners, and `ip` has to do.
 */
export function listeningAddresses(port: number, ip: string, pids: readonly number[]): string[] {
  const tables = ['tcp', 'tcp6'].map((name) => readOrUndefined(`/proc/net/${name}`));
  if (tables.every((table) => table === undefined)) return [ip];
  const sockets = tables
    .flatMap((table) => parseListening(table ?? ''))
    .filter((socket) => socket.port === port);
  if (sockets.length === 0) return [];
  const inodes = new Set(pids.flatMap(socketInodes));
  return addressesOf(
    sockets.filter((socket) => inodes.has(socket.inode)),
    ip,
  );
}

/** The own address first, then the machine's loopback; a server on all addresses is reached under the own one. */
export function addressesOf(sockets: readonly ListeningSocket[], ip: string): string[] {
  const has = (...addresses: string[]): boolean =>
    sockets.some((socket) => addresses.includes(socket.address));
  const own = ip.split('.').map((byte) => Number(byte).toString(16).padStart(2, '0').toUpperCase());
  const isOwn = has(own.join(''), own.toReversed().join(''));
  const isEverywhere = has(...wildcards);
  return [
    ...(isOwn || isEverywhere ? [ip] : []),
    ...(has(...loopbacks) ? ['127.0.0.1'] : []),
    ...(has(...loopbacks6) || isEverywhere ? ['::1'] : []),
  ];
}

/** `  0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000  0 12345 1 ...` */
export function parseListening(table: string): ListeningSocket[] {
  return table.split('\n').flatMap((line) => {
    const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
    const [address, port] = local.split(':');
    if (state !== listening || address === undefined || port === undefined || inode === undefined) return [];
    return { address, port: Number.parseInt(port, 16), inode };
  });
}

function socketInodes(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).flatMap(
      (fd) => /^socket:\[(\d+)\]$/.exec(linkOf(`${folder}/${fd}`))?.[1] ?? [],
    );
  } catch {
    // It has ended.
    return [];
  }
}

function linkOf(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
