import type { ContainerDependency, RegisterTaskDefinitionRequest, TaskOverride } from '@aws-sdk/client-ecs';
import { type InstanceSpec, type Ownership, ProviderError, type Purchase } from '../../contract/index.ts';
import type { FargateOptions } from '../options.ts';
import { ownerVariable } from '../task/owner.ts';
import { containerDraft } from './container.ts';
import type { Draft } from './draft.ts';
import { endContainer, filesContainer, filesHelper, needsEnd, needsFiles } from './helpers.ts';
import { assertPossible, storageGib } from './objections.ts';
import { divide } from './overrides.ts';
import { shapeLabels, shapeOf, type TaskShape } from './shape.ts';

/** Free with every task. */
const includedStorageGib = 20;

export interface TaskPlan {
  /** Without a family: that is its content's hash. */
  readonly definition: Omit<RegisterTaskDefinitionRequest, 'family'>;
  /** What differs between the Pods of one workload. */
  readonly overrides: TaskOverride;
  readonly shape: TaskShape;
}

/** What a task needs, before it is known where its secrets are stored. */
export interface TaskDraft {
  readonly spec: InstanceSpec;
  readonly options: FargateOptions;
  readonly purchase: Purchase;
  readonly drafts: readonly Draft[];
}

/** The Pod as containers of ECS. Pure. Throws InvalidSpec. */
export function draftTask(spec: InstanceSpec, options: FargateOptions): TaskDraft {
  assertPossible(spec, options);
  const { purchase } = spec;
  if (purchase === undefined) throw new ProviderError('InvalidSpec', 'no size was chosen for this Pod');
  return { spec, options, purchase, drafts: owned(draftsOf(spec, options), spec.owner) };
}

/** The draft as a task definition and the overrides of its run. Pure. Throws InvalidSpec when it is too large. */
export function planTask({ spec, options, purchase, drafts: all }: TaskDraft): TaskPlan {
  const { drafts, overrides } = divide(all);
  const containerDefinitions = drafts.map(({ definition, kind, health }) => ({
    ...definition,
    dockerLabels: shapeLabels(spec.restartPolicy, { kind, health }),
  }));
  const storage = storageGib(spec);
  const { sysctls = [] } = spec.securityContext;
  const [first] = containerDefinitions;
  // The containers of a task share their network, and with it these; ECS wants them on one container.
  if (first !== undefined && sysctls.length > 0)
    Object.assign(first, {
      systemControls: sysctls.map(({ name, value }) => ({ namespace: name, value })),
    });
  return {
    definition: {
      networkMode: 'awsvpc',
      requiresCompatibilities: ['FARGATE'],
      cpu: String((purchase.size.cpuMillis * 1024) / 1000),
      memory: String(purchase.size.memoryBytes / 1024 ** 2),
      runtimePlatform: { cpuArchitecture: options.architecture, operatingSystemFamily: 'LINUX' },
      containerDefinitions,
      ...(spec.volumes.length > 0 && { volumes: spec.volumes.map(({ name }) => ({ name, host: {} })) }),
      ...(storage > includedStorageGib && { ephemeralStorage: { sizeInGiB: storage } }),
      ...(spec.shareProcessNamespace && { pidMode: 'task' as const }),
      ...(options.executionRoleArn !== undefined && { executionRoleArn: options.executionRoleArn }),
      ...(options.taskRoleArn !== undefined && { taskRoleArn: options.taskRoleArn }),
    },
    overrides,
    shape: shapeOf(containerDefinitions),
  };
}

/** With what says whose the task is, on the first container. */
function owned([first, ...rest]: readonly Draft[], owner: Ownership): Draft[] {
  if (first === undefined) return [];
  return [{ ...first, ofRun: [ownerVariable(owner)] }, ...rest];
}

/** In the order of the Pod, the helpers last. */
function draftsOf(spec: InstanceSpec, options: FargateOptions): Draft[] {
  const { helperImage = '' } = options;
  const drafts: Draft[] = [];
  /** What the next container waits for: the end of the one before, and the start of every sidecar so far. */
  let before: ContainerDependency[] = needsFiles(spec)
    ? [{ containerName: filesHelper, condition: 'SUCCESS' }]
    : [];
  for (const container of spec.initContainers) {
    const sidecar = container.restartPolicy === 'Always';
    const placing = { kind: sidecar ? 'sidecar' : 'init', essential: false, dependsOn: before } as const;
    drafts.push(containerDraft(container, spec, placing, options));
    const { name: containerName } = container;
    before = sidecar
      ? [...before, { containerName, condition: 'START' }]
      : [...before.filter(({ condition }) => condition === 'START'), { containerName, condition: 'SUCCESS' }];
  }
  const essential = !needsEnd(spec);
  for (const container of spec.containers)
    drafts.push(containerDraft(container, spec, { kind: 'regular', essential, dependsOn: before }, options));
  if (needsFiles(spec)) drafts.push(filesContainer(spec, helperImage));
  if (needsEnd(spec)) drafts.push(endContainer(spec, helperImage));
  return drafts;
}
