import { randomUUID } from 'node:crypto';
import { ApiError, invalidParameter, missingParameter, tooMany } from '../request/api-error.ts';
import type { Action } from './action.ts';
import { namedGroup } from './action.ts';

const maxWords = 20;
const maxWordLength = 256;

/** Answers a command that is run to its end at once; for others it gives addresses that nothing listens at. */
export const execContainerCommand: Action = (cloud, parameters) => {
  const group = namedGroup(cloud, parameters);
  const command = parameters.jsonTexts('Command', maxWords);
  if (command === undefined) throw missingParameter('Command');
  if (command.some((word) => word.length > maxWordLength))
    throw tooMany('Command', `at most ${maxWordLength} characters in each entry`);
  const name = parameters.text('ContainerName') ?? group.containers[0]?.name ?? '';
  const container = group.containers.find((one) => one.name === name);
  if (container === undefined)
    throw new ApiError(
      404,
      'InvalidContainerName.NotFound',
      `The specified container ${name} does not exist.`,
    );
  if (!container.running)
    throw new ApiError(400, 'IncorrectStatus', `The container ${name} of ${group.id} does not run.`);
  const request = group.spec.containers.find((one) => one.name === name);
  const sync = parameters.flag('Sync') ?? false;
  if (sync && parameters.flag('TTY')) throw invalidParameter('TTY', 'Sync needs TTY=false');
  if (sync)
    return {
      SyncResponse: cloud.onExec({
        group: group.id,
        container: name,
        command,
        env: request?.environment(group.ip) ?? new Map(),
      }),
    };
  const session = randomUUID();
  const host = `eci-${cloud.region}.aliyun.com`;
  return { WebSocketUri: `wss://${host}/exec/?s=${session}`, HttpUrl: `https://${host}/exec/?s=${session}` };
};
