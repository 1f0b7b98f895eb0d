import { type ContainerSpec, type InstanceSpec, ProviderError } from '../../contract/index.ts';
import type { FargateOptions } from '../options.ts';
import { needsEnd, needsFiles } from './helpers.ts';
import { kernelCapabilities } from './kernel-capabilities.ts';

/** Containers of one task definition (service quotas of ECS). */
const mostContainers = 10;
/** Of a task's ephemeral storage. */
const mostStorageGib = 200;
const longestPath = 100;

interface Objection {
  readonly field: string;
  readonly what: string;
}

/**
 * What the table of capabilities is too coarse to refuse. Throws InvalidSpec that names every reason; nothing was
 * registered then.
 */
export function assertPossible(spec: InstanceSpec, options: FargateOptions): void {
  const objections = [
    ...ofPod(spec, options),
    ...allContainers(spec).flatMap((placed) => [...ofContainer(placed, options)]),
  ];
  const [first] = objections;
  if (first === undefined) return;
  const text = objections
    .map(({ field, what }, index) => (index === 0 ? what : `${field}: ${what}`))
    .join('; ');
  throw new ProviderError('InvalidSpec', text, { field: first.field });
}

function* ofPod(spec: InstanceSpec, { helperImage }: FargateOptions): Generator<Objection> {
  const helpers = Number(needsFiles(spec)) + Number(needsEnd(spec));
  if (spec.initContainers.length + spec.containers.length + helpers > mostContainers)
    yield {
      field: 'spec.containers',
      what: `a task has at most ${mostContainers} containers, ${helpers} of them Burstlet's own for this Pod`,
    };
  if (helperImage === undefined && needsEnd(spec))
    yield {
      field: 'spec.containers',
      what: `several containers with restartPolicy ${spec.restartPolicy} need the provider option helperImage: without it the end of one would end the others`,
    };
  if (helperImage === undefined && needsFiles(spec))
    yield { field: 'spec.volumes', what: 'volumes of files need the provider option helperImage' };
  for (const volume of spec.volumes) {
    const long =
      volume.kind === 'files' && volume.files.find(({ path }) => Buffer.byteLength(path) > longestPath);
    if (long)
      yield {
        field: 'spec.volumes',
        what: `${volume.name}: a path of more than ${longestPath} bytes: ${long.path}`,
      };
  }
  if (storageGib(spec) > mostStorageGib)
    yield {
      field: 'spec.containers',
      what: `a task has at most ${mostStorageGib} GiB of ephemeral storage, asked for are ${storageGib(spec)}`,
    };
}

function* ofContainer({ field, container }: Placed, { secretStore }: FargateOptions): Generator<Objection> {
  const { command = [], args = [], env, imagePullPolicy, securityContext, mounts } = container;
  if ([...command, ...args, ...env.map(({ value }) => value)].some((text) => text.includes('\u0000')))
    yield {
      field: `${field}.env`,
      what: 'the address of a task is not known before it runs, so status.podIP cannot be passed on; read it from the network interface or from $ECS_CONTAINER_METADATA_URI_V4',
    };
  const [first = ''] = command;
  // The first word is the entry point, and that is of the definition.
  const inDefinition = env.some(({ secret, value }) => secret && value !== '' && first.includes(value));
  if (container.secretArguments === true && (secretStore !== 'none' || inDefinition))
    yield {
      field: `${field}.${inDefinition ? 'command' : 'args'}`,
      what: 'a value of a Secret stands in command or args, written as $(NAME), and ECS has no place for secret arguments: let a shell in the container read the variable, or the program itself',
    };
  if (imagePullPolicy === 'Never')
    yield {
      field: `${field}.imagePullPolicy`,
      what: 'Never: a task has no images before it pulls them; use IfNotPresent',
    };
  const { runAsUser, runAsGroup, runAsNonRoot, seccompProfile } = securityContext;
  if (runAsNonRoot === true && (runAsUser === undefined || runAsUser === 0))
    yield {
      field: `${field}.securityContext.runAsNonRoot`,
      what: 'Fargate does not say which user an image has: set runAsUser to a number other than 0',
    };
  if (runAsUser === undefined && runAsGroup !== undefined)
    yield {
      field: `${field}.securityContext.runAsGroup`,
      what: 'ECS takes a group only together with a user: set runAsUser too',
    };
  const { impossible } = kernelCapabilities(securityContext);
  if (impossible.length > 0)
    yield {
      field: `${field}.securityContext.capabilities.add`,
      what: `Fargate adds only SYS_PTRACE, not ${impossible.join(', ')}`,
    };
  if (seccompProfile?.type === 'Localhost')
    yield {
      field: `${field}.securityContext.seccompProfile`,
      what: 'a task has no host with profiles; use RuntimeDefault',
    };
  if (mounts.some(({ subPath }) => subPath !== undefined))
    yield { field: `${field}.volumeMounts`, what: 'ECS mounts whole volumes, no subPath' };
  const { livenessProbe, readinessProbe } = container;
  const commands = [livenessProbe, readinessProbe].flatMap((probe) =>
    probe === undefined ? [] : [JSON.stringify(probe.action)],
  );
  if (new Set(commands).size > 1)
    yield {
      field: `${field}.readinessProbe`,
      what: 'ECS has one health check per container: give livenessProbe and readinessProbe the same command, or drop one',
    };
}

interface Placed {
  readonly field: string;
  readonly container: ContainerSpec;
}

function allContainers({ initContainers, containers }: InstanceSpec): Placed[] {
  const placed =
    (list: string) =>
    (container: ContainerSpec, index: number): Placed => ({
      field: `spec.${list}[${index}]`,
      container,
    });
  return [...initContainers.map(placed('initContainers')), ...containers.map(placed('containers'))];
}

/** What the containers ask for, in whole GiB. */
export function storageGib({ initContainers, containers }: InstanceSpec): number {
  const sum = containers.reduce((total, { requests }) => total + (requests.ephemeralStorageBytes ?? 0), 0);
  const most = Math.max(sum, ...initContainers.map(({ requests }) => requests.ephemeralStorageBytes ?? 0));
  return Math.ceil(most / 1024 ** 3);
}
