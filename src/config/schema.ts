import { restraintNames } from '../../providers/contract/restraints.ts';

/** What burstlet.yaml holds once it has passed {@link configSchema}. */
export interface ConfigFile {
  readonly apiVersion: 'burstlet.dev/v1alpha1';
  readonly kind: 'Config';
  readonly kubeconfig?: string;
  readonly bootstrapKubeconfig?: string;
  readonly rotateCertificates?: boolean;
  readonly context?: string;
  readonly stateDir?: string;
  readonly logLevel?: 'debug' | 'info' | 'warn' | 'error';
  readonly tls?: {
    readonly certFile?: string;
    readonly keyFile?: string;
    readonly serverTLSBootstrap?: boolean;
    readonly selfSigned?: boolean;
    readonly clientCaFile?: string;
  };
  readonly dns?: { readonly nameservers?: readonly string[]; readonly domain?: string };
  readonly scheduler?: boolean;
  readonly nodes: readonly NodeEntry[];
}

export interface NodeEntry {
  readonly name: string;
  readonly provider: string;
  readonly options?: Readonly<Record<string, unknown>>;
  readonly listen?: string;
  readonly address?: string;
  readonly taint?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly capacity?: Readonly<Record<string, string | number>>;
  readonly outOfStock?: {
    readonly deadlineSeconds?: number;
    readonly onDeadline?: 'wait' | 'fail';
  };
  readonly unenforced?: readonly string[];
}

function text(description: string, rest: object = {}): object {
  return { type: 'string', minLength: 1, description, ...rest };
}

const node = {
  type: 'object',
  required: ['name', 'provider'],
  additionalProperties: false,
  properties: {
    name: text('Name of the Node object'),
    provider: text(
      '`docker`, `eci`, `fargate`, `mock`, `process`, a path such as `./provider.js`, or the name of a package',
    ),
    options: { type: 'object', description: 'Options of the provider' },
    listen: text('Address and port of the node API (default `0.0.0.0:10250`); each node needs its own port'),
    address: text('InternalIP of the node (default: the address it listens on, or that of the machine)'),
    taint: {
      type: 'boolean',
      description: 'Keep Pods away that do not tolerate virtual nodes (default true)',
    },
    labels: {
      type: 'object',
      additionalProperties: { type: 'string' },
      description: 'Further labels of the Node object; those that Burstlet sets by itself are refused',
    },
    capacity: {
      type: 'object',
      additionalProperties: { type: ['string', 'number'] },
      description:
        'In place of what the provider says: `cpu`, `memory`, `pods`, ... as Kubernetes quantities',
    },
    outOfStock: {
      type: 'object',
      additionalProperties: false,
      description: 'What becomes of a Pod when none of the offers of its provider has an instance for it',
      properties: {
        deadlineSeconds: {
          type: 'integer',
          minimum: 1,
          description:
            'How long it waits until its condition and an Event say that it takes long (default 600)',
        },
        onDeadline: {
          enum: ['wait', 'fail'],
          description:
            '`wait`: it goes on waiting; `fail`: it ends, `Failed` for the reason `OutOfStock`, so that its controller can make another elsewhere (default `wait`)',
        },
      },
    },
    unenforced: {
      type: 'array',
      uniqueItems: true,
      items: { type: 'string' },
      description: `Restraints of a security context that Pods may run without here, where the provider would refuse them: ${restraintNames.map((name) => `\`${name}\``).join(', ')}. Each such Pod says so ([more](not-enforced.md); default: none)`,
    },
  },
} as const;

/** The shape of burstlet.yaml, as JSON Schema. docs/reference/configuration.md is written from it. */
export const configSchema = {
  type: 'object',
  required: ['apiVersion', 'kind', 'nodes'],
  additionalProperties: false,
  properties: {
    apiVersion: { const: 'burstlet.dev/v1alpha1', description: 'Version of this format' },
    kind: { const: 'Config', description: 'Says what this file is' },
    kubeconfig: text(
      'Path of the kubeconfig (default: `$KUBECONFIG`, the service account, `~/.kube/config`)',
    ),
    bootstrapKubeconfig: text(
      'Path of a kubeconfig with which the node asks for its own identity, `system:node:<name>`; `kubeconfig` is then written. For one node',
    ),
    rotateCertificates: {
      type: 'boolean',
      description:
        'Renew the client certificate that came by `bootstrapKubeconfig` when most of its life is over (default true)',
    },
    context: text('Context of the kubeconfig'),
    stateDir: text(
      'Folder for what has to outlive the daemon (default: `/var/lib/burstlet` for root, else `$XDG_STATE_HOME/burstlet` or `~/.local/state/burstlet`)',
    ),
    logLevel: { enum: ['debug', 'info', 'warn', 'error'], description: 'Default `info`' },
    tls: {
      type: 'object',
      additionalProperties: false,
      description:
        'Certificates of the node API (default: self-signed). Files are read again when they change',
      properties: {
        certFile: text('PEM file of the certificate'),
        keyFile: text('PEM file of its key'),
        serverTLSBootstrap: {
          type: 'boolean',
          description:
            'Ask the cluster for the certificate, by a CertificateSigningRequest for `kubernetes.io/kubelet-serving` that somebody has to approve, and renew it (default false)',
        },
        selfSigned: {
          type: 'boolean',
          description:
            'With `serverTLSBootstrap`: serve a self-signed certificate until there is one of the cluster; without, TLS handshakes fail until then (default true)',
        },
        clientCaFile: text(
          'PEM file of the CA whose client certificates are believed (default: the ConfigMap `kube-system/extension-apiserver-authentication`)',
        ),
      },
    },
    dns: {
      type: 'object',
      additionalProperties: false,
      description: 'The DNS of the cluster, as Pods are told it',
      properties: {
        nameservers: {
          type: 'array',
          minItems: 1,
          maxItems: 3,
          uniqueItems: true,
          items: { type: 'string' },
          description:
            'IP addresses of its servers, at most three (default: that of the Service `kube-system/kube-dns`; where there is none, Pods use the DNS of the host)',
        },
        domain: text('Domain below which its Services are found (default `cluster.local`)'),
      },
    },
    scheduler: {
      type: 'boolean',
      description: 'Bind Pods that name `schedulerName: burstlet` (default true)',
    },
    nodes: { type: 'array', minItems: 1, items: node, description: 'The virtual nodes of this process' },
  },
} as const;
