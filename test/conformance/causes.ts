/** Why tests fail that fail; the first that matches counts. */
export const causes: readonly { readonly cause: string; readonly match: readonly RegExp[] }[] = [
  {
    cause: 'They need exec, which the node API does not serve yet:',
    match: [
      /remote command execution over websockets/,
      /KubeletManagedEtcHosts/,
      /pod should support shared volumes between containers/,
      /should mount an API token into pods/,
      /succeed in writing subpaths in container/,
    ],
  },
  {
    cause: 'The local image of the web server had no index page (a real kubelet there fails too):',
    match: [
      /StatefulSet Basic StatefulSet functionality .*(rolling updates|scale subresource|list, patch and delete|Status endpoints)/,
    ],
  },
  {
    cause: 'The node API serves logs as plain HTTP only, not over a WebSocket:',
    match: [/retrieving logs from the container over websockets/],
  },
  { cause: 'Containers are not resized in place:', match: [/InPlace Resize/] },
  {
    cause:
      'Refused by design (hostPort, hostPath, image volumes): a virtual node has nothing of its own to lend:',
    match: [
      /Should recreate evicted statefulset/,
      /ImageVolume/,
      /ignore failure matching on DisruptionTarget/,
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
