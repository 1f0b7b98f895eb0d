import type { Task } from '@aws-sdk/client-ecs';
import type { Instance, Ownership } from '../../contract/index.ts';
import type { TaskShape } from '../definition/shape.ts';
import { containerOf } from './container-of.ts';
import { hasBegun, phaseOf, waitingOf } from './phase.ts';
import { interruptionOf, stopCauseOf } from './stop-cause.ts';
import { firstTime, timesOf } from './times.ts';

/** What this process has seen of a task and ECS does not tell. */
export interface Sightings {
  /** Container → ISO 8601 of the look that found it ended, while the task went on. */
  readonly ended: Readonly<Record<string, string>>;
  /** Milliseconds since the epoch of the look that found it asked to stop. */
  readonly stoppingAt?: number;
  /** ISO 8601: when the task was seen first. Counts where ECS does not say when it was made. */
  readonly firstSeenAt: string;
}

/** What a look at `now` (milliseconds since the epoch) adds. Earlier looks count. */
export function withLook(before: Sightings, task: Task, now: number): Sightings {
  if (task.desiredStatus === 'STOPPED') return { stoppingAt: now, ...before };
  const time = new Date(now).toISOString();
  const ended = (task.containers ?? [])
    .filter((container) => container.lastStatus === 'STOPPED' && hasBegun(container))
    .map(({ name = '' }) => [name, before.ended[name] ?? time]);
  return ended.length === 0 ? before : { ...before, ended: Object.fromEntries(ended) };
}

/** A task as an instance. Pure. */
export function instanceOf(task: Task, owner: Ownership, shape: TaskShape, seen: Sightings): Instance {
  const phase = phaseOf(task, shape);
  const times = timesOf(task, seen.firstSeenAt);
  const containers = shape.containers.filter(({ kind }) => kind !== 'helper');
  const initialising = containers.some(({ kind }) => kind === 'init');
  const stopCause = phase === 'Stopped' ? stopCauseOf(task, shape) : undefined;
  const interruption = interruptionOf(task, seen.stoppingAt ?? 0);
  const startedAt = firstTime(task.pullStartedAt);
  const endedAt = firstTime(task.stoppedAt);
  return {
    ref: { id: task.taskArn ?? '', podUid: owner.podUid },
    owner,
    phase,
    createdAt: times.createdAt,
    ips: ipsOf(task),
    containers: containers.map((one) =>
      containerOf(
        one,
        task.containers?.find(({ name }) => name === one.name),
        { times, initialising, seenEndedAt: seen.ended[one.name] },
      ),
    ),
    ...(stopCause && { stopCause }),
    ...(phase === 'Pending' && { waiting: waitingOf(task) }),
    ...(interruption && { interruption }),
    ...(startedAt !== undefined && { billing: { startedAt, ...(endedAt !== undefined && { endedAt }) } }),
  };
}

/** IPv4 first. The interface knows it before the containers do. */
function ipsOf({ attachments = [], containers = [] }: Task): string[] {
  const details = attachments
    .filter(({ type }) => type === 'ElasticNetworkInterface')
    .flatMap((attachment) => attachment.details ?? []);
  const detail = (name: string) => details.find((one) => one.name === name)?.value;
  const [face] = containers.flatMap(({ networkInterfaces = [] }) => networkInterfaces);
  const ips = [
    detail('privateIPv4Address') ?? face?.privateIpv4Address,
    detail('ipv6Address') ?? face?.ipv6Address,
  ];
  return ips.filter((ip): ip is string => ip !== undefined && ip !== '');
}
