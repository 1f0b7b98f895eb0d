/** Why tests fail that fail; the first that matches counts. */
export const causes: readonly { readonly cause: string; readonly match: readonly RegExp[] }[] = [
  {
    cause: 'exec, attach and port-forward are not built yet (they answer 501):',
    match: [
      /websockets/,
      /KubeletManagedEtcHosts/,
      /Ephemeral Containers/,
      /emptyDir|EmptyDir volumes pod should support shared volumes/,
      /StatefulSet Basic StatefulSet/,
      /kubectl (exec|cp|attach|port-forward)/i,
    ],
  },
];

export function causeOf(name: string): string | undefined {
  return causes.find(({ match }) => match.some((one) => one.test(name)))?.cause;
}
