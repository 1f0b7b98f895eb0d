import type { ContainerSpec } from '../../contract/index.ts';

/** What a container has by itself: "the default configuration provided by Docker" (KernelCapabilities of the SDK). */
const byDefault: ReadonlySet<string> = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE'],
  ...['NET_RAW', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
]);
/** The others that ECS has names for. */
const more: readonly string[] = [
  ...[
    'AUDIT_CONTROL',
    'BLOCK_SUSPEND',
    'DAC_READ_SEARCH',
    'IPC_LOCK',
    'IPC_OWNER',
    'LEASE',
    'LINUX_IMMUTABLE',
  ],
  ...[
    'MAC_ADMIN',
    'MAC_OVERRIDE',
    'NET_ADMIN',
    'NET_BROADCAST',
    'SYSLOG',
    'SYS_ADMIN',
    'SYS_BOOT',
    'SYS_MODULE',
  ],
  ...[
    'SYS_NICE',
    'SYS_PACCT',
    'SYS_PTRACE',
    'SYS_RAWIO',
    'SYS_RESOURCE',
    'SYS_TIME',
    'SYS_TTY_CONFIG',
    'WAKE_ALARM',
  ],
];
/** All that Fargate adds. */
const addable = 'SYS_PTRACE';

export interface KernelCapabilities {
  readonly add: string[];
  readonly drop: string[];
  /** Asked for, and not to be had on Fargate. */
  readonly impossible: string[];
}

/**
 * As a kubelet has it, what is added wins over what is dropped. Of the default set nothing can be added on Fargate, so
 * `drop: [ALL]` with one of it under `add` drops all the others by name.
 */
export function kernelCapabilities({ capabilities }: ContainerSpec['securityContext']): KernelCapabilities {
  const plain = (names: readonly string[] = []): string[] => names.map((name) => name.replace(/^CAP_/, ''));
  const [add, drop] = [plain(capabilities?.add), plain(capabilities?.drop)];
  const kept = add.filter((name) => byDefault.has(name));
  const dropped = drop.includes('ALL') && kept.length > 0 ? [...byDefault, ...more] : drop;
  return {
    add: add.filter((name) => name === addable),
    drop: dropped.filter((name) => !add.includes(name)),
    impossible: add.filter((name) => name !== addable && !byDefault.has(name)),
  };
}
