import { type BootstrapSettings, ConfigError } from './settings.ts';

/** In the file and among the flags alike. */
export interface BootstrapWish {
  readonly kubeconfig?: string;
  readonly bootstrapKubeconfig?: string;
  readonly rotateCertificates?: boolean;
}

/** How a node comes to its identity; undefined = it has one. `named` says how the user calls a setting. */
export function bootstrapOf(
  { bootstrapKubeconfig, kubeconfig, rotateCertificates = true }: BootstrapWish,
  nodeCount: number,
  named: (key: 'kubeconfig' | 'bootstrapKubeconfig') => string,
): BootstrapSettings | undefined {
  if (bootstrapKubeconfig === undefined) return undefined;
  const where = named('bootstrapKubeconfig');
  if (kubeconfig === undefined)
    throw new ConfigError(
      `${where}: where is the new kubeconfig to be written? Name a file with ${named('kubeconfig')}`,
    );
  if (nodeCount !== 1)
    throw new ConfigError(
      `${where}: the identity is that of one node, and there are ${nodeCount}; run a daemon for each`,
    );
  return { kubeconfig: bootstrapKubeconfig, target: kubeconfig, rotate: rotateCertificates };
}
