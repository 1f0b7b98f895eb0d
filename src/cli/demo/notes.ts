import { nameOf, type Observed } from './observed.ts';

/** What a reader has to know to understand what is shown; mostly nothing. */
export function notes({ pods }: Observed): readonly string[] {
  const byAddress = Map.groupBy(
    pods.filter(({ status }) => status?.phase === 'Running' && status.podIP !== undefined),
    ({ status }) => status?.podIP,
  );
  return [...byAddress]
    .filter(([, sharing]) => sharing.length > 1)
    .map(
      ([address, sharing]) =>
        `${sharing.map(nameOf).sort().join(', ')} share the address ${address}: this system has no other loopback ` +
        'address to give (only Linux has), so of servers that listen on the same port one runs and the others fail. ' +
        'See docs/guides/demo.md.',
    );
}
