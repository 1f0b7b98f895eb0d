import { Type } from 'typebox';

/** The shape of burstlet.yaml. docs/reference/configuration.md is written from it. */
const strings = Type.Record(Type.String(), Type.String());
const listen = Type.String({
  pattern: '^(\\[[0-9a-fA-F:.]+\\]|[^:]+):[0-9]{1,5}$',
  description: 'Address and port of the HTTPS API, such as 0.0.0.0:10250',
});

const node = Type.Object(
  {
    name: Type.String({
      pattern: '^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$',
      description: 'Name of the Node object',
    }),
    provider: Type.String({
      minLength: 1,
      description: 'mock, process, a path such as ./provider.js, or a package',
    }),
    options: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Options of the provider' }),
    ),
    listen: Type.Optional(listen),
    address: Type.Optional(Type.String({ minLength: 1, description: 'InternalIP of the node' })),
    taint: Type.Optional(
      Type.Boolean({ description: 'Keep Pods away that do not tolerate virtual nodes (default true)' }),
    ),
    labels: Type.Optional(strings),
    capacity: Type.Optional(
      Type.Record(Type.String(), Type.Union([Type.String(), Type.Number()]), {
        description: 'Overrides what the provider says: cpu, memory, pods, ... as Kubernetes quantities',
      }),
    ),
  },
  { additionalProperties: false },
);

export const configSchema = Type.Object(
  {
    apiVersion: Type.Literal('burstlet.dev/v1alpha1'),
    kind: Type.Literal('Config'),
    kubeconfig: Type.Optional(Type.String({ minLength: 1, description: 'Path of the kubeconfig' })),
    context: Type.Optional(Type.String({ minLength: 1, description: 'Context of the kubeconfig' })),
    stateDir: Type.Optional(
      Type.String({ minLength: 1, description: 'Folder for what has to outlive the daemon' }),
    ),
    logLevel: Type.Optional(
      Type.Union([Type.Literal('debug'), Type.Literal('info'), Type.Literal('warn'), Type.Literal('error')]),
    ),
    tls: Type.Optional(
      Type.Object(
        {
          certFile: Type.Optional(Type.String({ minLength: 1 })),
          keyFile: Type.Optional(Type.String({ minLength: 1 })),
          clientCaFile: Type.Optional(Type.String({ minLength: 1 })),
        },
        { additionalProperties: false },
      ),
    ),
    scheduler: Type.Optional(
      Type.Boolean({ description: 'Bind Pods that name schedulerName: burstlet (default true)' }),
    ),
    nodes: Type.Array(node, { minItems: 1, description: 'The virtual nodes of this process' }),
  },
  { additionalProperties: false },
);

/** What the file holds once it has passed the schema. */
export type ConfigFile = Type.Static<typeof configSchema>;
