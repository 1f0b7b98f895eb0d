import { ServiceError } from '../door/service-error.ts';
import type { TaskRecord } from '../tasks/task-record.ts';
import { type LogLine, linesOf } from './run-lines.ts';

export interface LogStoreDeps {
  readonly region: string;
  readonly account: string;
  tasks(): readonly TaskRecord[];
  task(id: string): TaskRecord | undefined;
  now(): number;
  /** How long a line takes until it can be read. */
  ingestionMs(): number;
}

export interface LogPlace {
  readonly group: string;
  readonly stream: string;
}

/** The log groups of the account; the streams in them follow from the tasks. */
export class LogStore {
  readonly #deps: LogStoreDeps;
  readonly #groups = new Map<string, number>();

  constructor(deps: LogStoreDeps) {
    this.#deps = deps;
  }

  create(group: string | undefined): void {
    if (group === undefined || !/^[\w./#-]{1,512}$/.test(group))
      throw new ServiceError(
        'InvalidParameterException',
        'The name of a log group has 1 to 512 characters of a-zA-Z0-9_-/.#',
      );
    if (this.#groups.has(group))
      throw new ServiceError('ResourceAlreadyExistsException', 'The specified log group already exists');
    this.#groups.set(group, this.#deps.now());
  }

  /** What the log driver does first. Returns why a container that writes to this group cannot be started. */
  open(group: string, mayCreate: boolean): string | undefined {
    if (this.#groups.has(group)) return undefined;
    if (!mayCreate)
      return 'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1';
    this.create(group);
    return undefined;
  }

  groupsByPrefix(prefix: string): { name: string; arn: string; createdAt: number }[] {
    const { region, account } = this.#deps;
    return [...this.#groups]
      .filter(([name]) => name.startsWith(prefix))
      .map(([name, createdAt]) => ({
        name,
        arn: `arn:aws:logs:${region}:${account}:log-group:${name}`,
        createdAt,
      }));
  }

  /** By name and prefix, with the time of the first and last event. */
  streams(
    group: string | undefined,
    prefix: string,
  ): { stream: string; lines: LogLine[]; createdAt: number }[] {
    this.#checkGroup(group);
    return this.#deps
      .tasks()
      .flatMap((task) => streamsOf(task))
      .filter((one) => one.place.group === group && one.place.stream.startsWith(prefix))
      .map(({ place, container, createdAt }) => ({
        stream: place.stream,
        lines: this.#visible(linesOf(container, this.#deps.now())),
        createdAt,
      }));
  }

  read(group: string | undefined, stream: string | undefined): LogLine[] {
    this.#checkGroup(group);
    const task = this.#deps.task(stream?.split('/').at(-1) ?? '');
    const found =
      task && streamsOf(task).find(({ place }) => place.group === group && place.stream === stream);
    if (found === undefined)
      throw new ServiceError('ResourceNotFoundException', 'The specified log stream does not exist.');
    return this.#visible(linesOf(found.container, this.#deps.now()));
  }

  #checkGroup(group: string | undefined): void {
    if (group === undefined || !this.#groups.has(group))
      throw new ServiceError('ResourceNotFoundException', 'The specified log group does not exist.');
  }

  #visible(lines: readonly LogLine[]): LogLine[] {
    const until = this.#deps.now() - this.#deps.ingestionMs();
    return lines.filter(({ timestamp }) => timestamp <= until);
  }
}

/** A stream exists from the first start of its container. awslogs calls it prefix/container/task. */
function streamsOf({ id, definition, life }: TaskRecord) {
  return (definition.containerDefinitions ?? []).flatMap(({ name = '', logConfiguration }) => {
    const container = life.containers.get(name);
    const startedAt = container?.runs[0]?.startedAt;
    if (logConfiguration?.logDriver !== 'awslogs' || container === undefined || startedAt === undefined)
      return [];
    const { options = {} } = logConfiguration;
    const place: LogPlace = {
      group: options['awslogs-group'] ?? '',
      stream: `${options['awslogs-stream-prefix']}/${name}/${id}`,
    };
    return [{ place, container, createdAt: startedAt }];
  });
}
