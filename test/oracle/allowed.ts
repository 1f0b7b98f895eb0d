import type { Difference } from './compare.ts';

interface Allowance {
  /** Short, for tables. */
  readonly key: string;
  readonly reason: string;
  /** Of every Pod: one that has no other difference counts as equal. */
  readonly everywhere?: true;
  /** Where the difference is. */
  readonly where: RegExp;
  /** Names of the cases; absent: all. */
  readonly cases?: RegExp;
  /** Of the line `kubelet | burstlet`. */
  readonly what?: RegExp;
}

/** Differences that may be, each with its reason; the first that matches counts. */
export const allowances: readonly Allowance[] = [
  {
    key: 'resources',
    everywhere: true,
    reason:
      'Resources in a status speak of resizing in place, which a virtual node does not do; they are absent, as with kubelets that cannot.',
    where: /^status (\w+\.[^.]+\.)?(resources|allocatedResources)\./,
  },
  {
    key: 'runc',
    reason: 'containerd and dockerd put different words around those of runc.',
    where: /^status \S+\.terminated\.message$/,
    what: /^failed to create containerd task: (.*?) \| \1/,
  },
  {
    key: 'registry',
    reason: 'containerd and dockerd put different words around those of a registry.',
    where: /^status \S+\.waiting\.message$/,
    what: /failed to pull and unpack image .* \| .*ErrImagePull: Get /,
  },
  {
    key: 'never-began',
    reason:
      'Of a container that could not be started containerd says that it began in 1970; dockerd says when it was tried.',
    where: /^status \S+\.terminated\.ranSeconds$/,
    what: /^\d{9,} \| 0$/,
  },
  {
    key: 'back-off-at-once',
    reason:
      'A kubelet shows an end or a failed start until it looks again, when the pause is over, and says CrashLoopBackOff then; ours says it at once.',
    where: /^changes of container /,
    what: /^([^|]* → )?RunContainerError|^(Completed|Error|OOMKilled) \d+ → CrashLoopBackOff \| $/,
  },
  {
    key: 'dockerd-creates',
    reason:
      'A working directory that is a file is found by dockerd when the container is created, and by containerd when it is started: what cannot be created waits and is tried again.',
    where: /./,
    cases: /^folder-is-a-file$/,
  },
  {
    key: 'whole',
    reason:
      'An instance is created from a whole specification. While something is missing for one container nothing is created: no address, no pull, no other container.',
    where:
      /^status (podIPs?\b|conditions\.PodReadyToStartContainers\.|conditions\.(Containers)?Ready\.message|containers\.good\.)|^changes of (phase|condition PodReadyToStartContainers|container (main|good|bad))$|^events$/,
    cases:
      /^(configmap|secret)-((key|of-\S+)-)?missing|^sub-path-expression-unknown$|^delete-while-misconfigured$|^configmap-comes-later$/,
    // Of the Events those of containers that are not created.
    what: /^(?!(Warning|Normal) (?!(Pulled|Created|Started) ))(?! \| (Warning|Normal) )/,
  },
  {
    key: 'says-why',
    reason:
      'While a volume waits for something, the status says for what; a kubelet says it in an Event only.',
    where: /^status \S+\.waiting\.message$/,
    cases: /-volume-/,
    what: /^ \| MountVolume/,
  },
  {
    key: 'two-writes',
    reason:
      'A deleted Pod whose end nobody waits for is removed with its last running status (ADR 2). The same deletions with a finalizer are compared in full.',
    where: /^(status|changes of) /,
    cases: /^delete-(in-init|while-pulling|while-misconfigured|running|running-ignores)$/,
  },
  {
    key: 'never-started',
    reason:
      'A container that was never started is said to wait, as it did; a kubelet that ends its Pod says that it ended with code 137.',
    where: /^(status|changes of) container/,
    cases: /^(delete|deadline)-/,
    what: /could not be located|ContainerStatusUnknown|137 \| $|^NaN \| $|^ \| (ContainerCreating|PodInitializing|ImagePullBackOff$|Back-off pulling image )/,
  },
  {
    key: 'ended-pending',
    reason:
      'A kubelet that ends a Pending Pod changes the phase alone; ours gives the conditions the reason PodFailed, as those of every Pod that failed.',
    where: /(conditions?[. ])(ContainersReady|Ready)/,
    cases: /^(delete|deadline)-/,
    what: /(ContainersNotReady|unready status).*\| (PodFailed)?$|^ \| False ContainersNotReady → False PodFailed$/,
  },
  {
    key: 'moment',
    reason:
      'What a container waits for changes with every try: with which of ErrImagePull, ImagePullBackOff, CrashLoopBackOff and the last end a Pod meets its deadline is a matter of the moment.',
    where: /^(status containers\.main\.state\.|changes of container main$)/,
    cases: /^deadline-(while-pulling|in-crash-loop)$/,
  },
  {
    key: 'after-a-kill',
    reason:
      'After it has killed a container a kubelet counts the pause from the end of the run before that one: its back-off begins one restart later than ours.',
    where: /^status \S+\.restartCount$/,
    cases: /^probe-liveness-loops$/,
  },
  {
    key: 'first-probe',
    reason:
      'The first probe comes as soon as a container runs; that of a kubelet comes a moment later, when many a server answers already.',
    where: /^events$/,
    cases: /^(probe|pre-stop|sidecar)-/,
    what: /^ \| Warning Unhealthy /,
  },
  {
    key: 'ephemeral-over',
    reason:
      'An ephemeral container that could not be started has ended, for none is started again; a kubelet says that it waits.',
    where: /^(status ephemeralContainers\.|changes of container )debug/,
    cases: /^ephemeral-command-missing$/,
  },
  {
    key: 'image-groups',
    reason:
      'dockerd adds no groups out of the /etc/group of an image to a user that comes with a group of its own.',
    where: /^status \S+\.terminated\.message$/,
    cases: /^inside-user$/,
  },
  {
    key: 'seccomp',
    reason: 'Where a Pod names no seccomp profile it has the one of the engine, which is stricter.',
    where: /^status \S+\.terminated\.message$/,
    cases: /^inside-seccomp-none$/,
  },
  {
    key: 'disk',
    reason: 'Limits on disk space are not enforced by the docker provider, and said so in its capabilities.',
    where: /./,
    cases: /^(empty-dir|disk)-too-full$/,
  },
  {
    key: 'refused',
    reason: 'Refused by design, with the reason in the message (admission reference).',
    where: /./,
    cases: /^host-users-not$/,
  },
];

/** The key of the allowance, if there is one. */
export function allowanceFor(name: string, { where, kubelet, burstlet }: Difference): string | undefined {
  return allowances.find(
    (one) =>
      one.where.test(where) &&
      (one.cases?.test(name) ?? true) &&
      (one.what?.test(`${kubelet} | ${burstlet}`) ?? true),
  )?.key;
}
