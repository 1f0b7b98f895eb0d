import type { MockRun } from '../../../../providers/mock/container.ts';
import { linesOf, logContent } from '../group/container-log.ts';
import { ApiError, invalidParameter, missingParameter } from '../request/api-error.ts';
import type { Parameters } from '../request/parameters.ts';
import type { Action } from './action.ts';
import { namedGroup } from './action.ts';

const usualTail = 500;
const maxTail = 2000;
const maxBytes = 2 ** 20;

/** No follow: whoever wants it asks again. A start time counts in whole seconds, as it does in Kubernetes. */
export const describeContainerLog: Action = (cloud, parameters) => {
  const group = namedGroup(cloud, parameters);
  const name = parameters.text('ContainerName') ?? group.containers[0]?.name;
  const container = [...group.initContainers, ...group.containers].find((one) => one.name === name);
  if (name === undefined) throw missingParameter('ContainerName');
  if (container === undefined) throw unknownContainer(`The specified container ${name} does not exist.`);
  const previous = parameters.flag('LastTime') ?? false;
  const run: MockRun | undefined = container.runOf(previous);
  if (run === undefined && previous)
    throw unknownContainer(`previous terminated container ${name} not found`);
  if (run === undefined)
    throw new ApiError(400, 'IncorrectStatus', `container ${name} is waiting to start: ${group.status}`);
  const now = cloud.now();
  const content = logContent(linesOf(container.program, run, now), {
    tail: parameters.integer('Tail', 0, maxTail) ?? usualTail,
    sinceMs: since(parameters, now),
    timestamps: parameters.flag('Timestamps') ?? false,
    limitBytes: parameters.integer('LimitBytes', 1, maxBytes) ?? maxBytes,
  });
  return { ContainerName: name, Content: content };
};

function since(parameters: Parameters, now: number): number {
  const seconds = parameters.integer('SinceSeconds', 1);
  const text = parameters.text('StartTime');
  const start = text === undefined ? Number.NEGATIVE_INFINITY : Math.floor(Date.parse(text) / 1000) * 1000;
  if (Number.isNaN(start)) throw invalidParameter('StartTime', 'RFC 3339 is wanted');
  return Math.max(start, seconds === undefined ? start : now - seconds * 1000);
}

function unknownContainer(message: string): ApiError {
  return new ApiError(404, 'InvalidContainerName.NotFound', message);
}
