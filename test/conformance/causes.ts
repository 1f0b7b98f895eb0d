/** Why tests fail that fail; the first that matches counts. */
export const causes: readonly { readonly cause: string; readonly match: readonly RegExp[] }[] = [
  {
    cause:
      "The local image of the web server lacked a file that upstream's has; with it they pass (run by themselves):",
    match: [
      /StatefulSet Basic StatefulSet functionality .*(updates|scale subresource|list, patch and delete|Status endpoints)/,
    ],
  },
  { cause: 'Containers are not resized in place:', match: [/InPlace Resize/] },
  {
    cause:
      'Refused by design (hostPort, hostPath, image volumes): a virtual node has nothing of its own to lend:',
    match: [
      /Should recreate evicted statefulset/,
      /ImageVolume/,
      /ignore failure matching on DisruptionTarget/,
      /KubeletManagedEtcHosts/,
    ],
  },
  {
    cause: 'The image cannot be made without a registry (a real kubelet on such a machine fails too):',
    match: [
      /Update Demo/,
      /Guestbook/,
      /AllowPrivilegeEscalation should not allow privilege escalation when false/,
    ],
  },
  {
    cause:
      'The shell of the local busybox image drops variables whose names are no identifiers (a real kubelet there fails too):',
    match: [/consumable via the environment/, /as environment variable names/],
  },
  { cause: 'They need cluster DNS (a real kubelet there fails too):', match: [/OIDC discovery/] },
  {
    cause: 'They run wget or curl inside an image that has neither (a real kubelet there fails too):',
    match: [/lifecycle hook should execute (prestop|poststart) exec hook/],
  },
];

export function causeOf(name: string): string | undefined {
  return causes.find(({ match }) => match.some((one) => one.test(name)))?.cause;
}
