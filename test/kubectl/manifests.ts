/** Manifests as YAML text, the way a user would write them. */

export interface DeploymentOptions {
  readonly replicas?: number;
  readonly image?: string;
  /** Lines put below `spec:` of the Deployment. */
  readonly spec?: string;
  readonly labels?: string;
}

export function deployment(name: string, options: DeploymentOptions = {}): string {
  const { replicas, image = 'burstlet.dev/host:1', spec = '', labels = '' } = options;
  return `apiVersion: apps/v1
kind: Deployment
metadata:
  name: ${name}
  labels: {app: ${name}${labels}}
spec:${replicas === undefined ? '' : `\n  replicas: ${replicas}`}${spec === '' ? '' : `\n  ${spec}`}
  selector:
    matchLabels: {app: ${name}}
  template:
    metadata:
      labels: {app: ${name}}
    spec:
      containers:
      - name: web
        image: ${image}
        command: [sleep, "3600"]
        ports:
        - containerPort: 80
`;
}

export function configMap(name: string, data: Readonly<Record<string, string>>): string {
  const lines = Object.entries(data).map(([key, value]) => `  ${key}: ${JSON.stringify(value)}`);
  return `apiVersion: v1
kind: ConfigMap
metadata:
  name: ${name}
data:${lines.length === 0 ? ' {}' : `\n${lines.join('\n')}`}
`;
}

export function pod(name: string, spec = ''): string {
  return `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  labels: {app: ${name}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
  - name: main
    image: burstlet.dev/host:1
    command: [sleep, "3600"]
${spec}`;
}
