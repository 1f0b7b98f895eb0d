import type { ContainerDefinition } from '@aws-sdk/client-ecs';
import type { InstanceSpec } from '../../contract/index.ts';

/** `helper`: of the adapter, not of the Pod. */
export type ContainerKind = 'init' | 'sidecar' | 'regular' | 'helper';
export type ProbeUse = 'liveness' | 'readiness';

export interface ContainerShape {
  readonly name: string;
  readonly kind: ContainerKind;
  readonly image: string;
  /** What its health check stands for. */
  readonly health: readonly ProbeUse[];
}

/** What a Task does not say of itself, and is needed to read one: kept in the labels of its definition. */
export interface TaskShape {
  readonly restartPolicy: InstanceSpec['restartPolicy'];
  /** In the order of the Pod: init containers first. */
  readonly containers: readonly ContainerShape[];
  /** ARNs of the stored secrets without which it cannot start. Undefined = not known. */
  readonly secrets: readonly string[] | undefined;
}

const labels = {
  kind: 'burstlet.dev/kind',
  restart: 'burstlet.dev/restart-policy',
  health: 'burstlet.dev/health',
} as const;

export function shapeLabels(
  restartPolicy: TaskShape['restartPolicy'],
  { kind, health }: Pick<ContainerShape, 'kind' | 'health'>,
): Record<string, string> {
  return {
    [labels.kind]: kind,
    [labels.restart]: restartPolicy,
    ...(health.length > 0 && { [labels.health]: health.join(',') }),
  };
}

/** Of a definition as it was registered. Containers without labels are somebody else's, and shown as they are. */
export function shapeOf(containers: readonly ContainerDefinition[]): TaskShape {
  const [first] = containers;
  const policy = first?.dockerLabels?.[labels.restart];
  return {
    restartPolicy: policy === 'Always' || policy === 'OnFailure' ? policy : 'Never',
    containers: containers.map(({ name = '', image = '', dockerLabels = {} }) => ({
      name,
      image,
      kind: kindOf(dockerLabels[labels.kind]),
      health: usesOf(dockerLabels[labels.health]),
    })),
    secrets: [...new Set(containers.flatMap(secretsOf))],
  };
}

/** A reference to a key of a secret goes on behind the seven parts of its ARN. */
function secretsOf({ secrets = [], repositoryCredentials }: ContainerDefinition): string[] {
  const arns = secrets.map(({ valueFrom = '' }) => valueFrom.split(':').slice(0, 7).join(':'));
  const { credentialsParameter } = repositoryCredentials ?? {};
  return credentialsParameter === undefined ? arns : [...arns, credentialsParameter];
}

function kindOf(label: string | undefined): ContainerKind {
  return label === 'init' || label === 'sidecar' || label === 'helper' ? label : 'regular';
}

function usesOf(label = ''): ProbeUse[] {
  return label.split(',').filter((use) => use === 'liveness' || use === 'readiness');
}
