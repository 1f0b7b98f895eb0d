import type { ContainerSpec } from './instance-spec.ts';

/**
 * Stand in for `status.podIP` and `status.podIPs` wherever a container of an InstanceSpec uses them: an address is
 * known only once the instance exists. NUL cannot occur in an argument or a variable, so nothing else looks like them,
 * and a provider that forgets to replace them fails at once instead of passing nonsense on.
 */
export const podIpMarker = '\u0000podIP\u0000';
export const podIpsMarker = '\u0000podIPs\u0000';

/** The container with the addresses of its instance, first address first; to be called before it is started. */
export function withPodIps(container: ContainerSpec, ips: readonly string[]): ContainerSpec {
  const fill = (text: string): string =>
    text.includes('\u0000')
      ? text.replaceAll(podIpMarker, ips[0] ?? '').replaceAll(podIpsMarker, ips.join(','))
      : text;
  const { command, args, env, mounts } = container;
  return {
    ...container,
    ...(command === undefined ? {} : { command: command.map(fill) }),
    ...(args === undefined ? {} : { args: args.map(fill) }),
    env: env.map((variable) => ({ ...variable, value: fill(variable.value) })),
    mounts: mounts.map((mount) =>
      mount.subPath === undefined ? mount : { ...mount, subPath: fill(mount.subPath) },
    ),
  };
}
