import { hostImage } from '../demo/on-image.ts';
import type { ChosenProvider } from '../wiring/choose-provider.ts';

/**
 * What to paste for a first Pod; undefined for a provider of which it is not known what runs there. `taint`: the node
 * keeps Pods away that do not tolerate it.
 */
export function firstPod(
  { provider, image }: Pick<ChosenProvider, 'provider' | 'image'>,
  taint: boolean,
): string | undefined {
  const named = image ?? (provider === 'process' ? hostImage : undefined);
  if (named === undefined) return undefined;
  const toleration = '\n  tolerations: [{ key: virtual-kubelet.io/provider, operator: Exists }]';
  return `kubectl apply -f - <<'EOF'
apiVersion: v1
kind: Pod
metadata: { name: hello }
spec:
  automountServiceAccountToken: false${taint ? toleration : ''}
  containers:
    - { name: main, image: ${named}, command: [sh, -c, "echo hello; sleep 3600"] }
EOF
kubectl logs hello`;
}

/** Why the usual first try fails. */
export const whyNoImages =
  'kubectl run NAME --image=nginx is refused here: the process provider runs commands of this machine and has no images.';

/** Nothing is pulled on a fake; it has to look like an image. */
export const fakeImage = 'busybox:1.36';

export const whatFakesDo =
  'Its cloud is a fake in this process: a container does what echo, sleep and exit in its command say, and anything else runs until it is stopped.';
