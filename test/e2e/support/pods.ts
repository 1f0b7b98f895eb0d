import { scriptAnnotation } from '../../../providers/mock/index.ts';
import type { Pod, PodSpec } from '../../../src/kube/types.ts';

export interface PodWishes {
  /** Of the mock, docs/reference/mock-provider.md. */
  readonly script?: unknown;
  readonly metadata?: Pod['metadata'];
  readonly spec?: Partial<PodSpec>;
}

/** Bound to virtual nodes by labels and a toleration, as the guide says. */
export const placement = {
  nodeSelector: { type: 'virtual-kubelet' },
  tolerations: [{ key: 'virtual-kubelet.io/provider', operator: 'Exists' }],
};

/** A Pod for a mock node. */
export function podOf(namespace: string, name: string, { script, metadata, spec }: PodWishes = {}): Pod {
  return {
    metadata: { name, namespace, annotations: scripted(script), ...metadata },
    spec: { ...templateOf(script).spec, ...spec },
  };
}

/** The template of a workload. */
export function templateOf(script?: unknown, labels: Record<string, string> = {}) {
  return {
    metadata: { labels, annotations: scripted(script) },
    spec: {
      ...placement,
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 5,
      containers: [{ name: 'main', image: 'example.com/app:1' }],
    },
  };
}

function scripted(script: unknown): Record<string, string> {
  return script === undefined ? {} : { [scriptAnnotation]: JSON.stringify(script) };
}
