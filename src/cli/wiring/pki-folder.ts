import path from 'node:path';

/** Where the keys and certificates of a node are, below the state folder of the daemon. */
export function pkiFolder(stateDir: string, node: string): string {
  return path.resolve(stateDir, 'pki', node);
}
