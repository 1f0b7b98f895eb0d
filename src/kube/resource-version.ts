const decimal = /^[0-9]+$/;

/**
 * Compares two versions of one resource: negative when `a` is older, 0 when equal, positive when newer, undefined when
 * that cannot be known. Versions were opaque to clients for long; since KEP-5504 (Kubernetes 1.35) the API promises
 * that they are decimal numbers which grow with every write and may be compared as such. Every earlier kube-apiserver
 * hands out etcd revisions, of which the same is true. Whatever is not decimal (some aggregated APIs) stays opaque.
 */
export function compareVersions(a: string, b: string): number | undefined {
  if (a === b) return 0;
  if (!decimal.test(a) || !decimal.test(b)) return undefined;
  const left = stripZeros(a);
  const right = stripZeros(b);
  // Of two decimals without leading zeros the longer is the larger: exact beyond 2^53, without a BigInt per event.
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

/** True only when `a` is known to be older than `b`. */
export function isOlder(a: string, b: string): boolean {
  const order = compareVersions(a, b);
  return order !== undefined && order < 0;
}

function stripZeros(version: string): string {
  return version.startsWith('0') ? version.replace(/^0+(?=.)/, '') : version;
}
