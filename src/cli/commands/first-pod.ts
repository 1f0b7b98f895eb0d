/**
 * What to paste for a first Pod on the process provider, whose Pods name the image burstlet.dev/host and want no token.
 * `taint`: the node keeps Pods away that do not tolerate it.
 */
export function firstPod(taint: boolean): string {
  const toleration = '\n  tolerations: [{ key: virtual-kubelet.io/provider, operator: Exists }]';
  return `kubectl apply -f - <<'EOF'
apiVersion: v1
kind: Pod
metadata: { name: hello }
spec:
  automountServiceAccountToken: false${taint ? toleration : ''}
  containers:
    - { name: main, image: burstlet.dev/host, command: [sh, -c, "echo hello; sleep 3600"] }
EOF
kubectl logs hello`;
}

/** Why the usual first try fails. */
export const whyNoImages =
  'kubectl run NAME --image=nginx is refused here: the process provider runs commands of this machine and has no images.';
