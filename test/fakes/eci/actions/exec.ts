import { ApiError, invalidParameter, missingParameter, tooMany } from '../request/api-error.ts';
import type { Action } from './action.ts';
import { namedGroup } from './action.ts';

const maxWords = 20;
const maxWordLength = 256;
/** Of the whole parameter. Not documented; programs that use the API have met it. */
const maxLength = 2048;

/** Answers a command that is run to its end at once; for others it gives the address of a session. */
export const execContainerCommand: Action = (cloud, parameters) => {
  const group = namedGroup(cloud, parameters);
  const command = parameters.jsonTexts('Command', maxWords);
  if (command === undefined) throw missingParameter('Command');
  if (command.some((word) => word.length > maxWordLength))
    throw tooMany('Command', `at most ${maxWordLength} characters in each entry`);
  if ((parameters.text('Command') ?? '').length > maxLength)
    throw tooMany('Command', `at most ${maxLength} characters in all`);
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
  const environment = request?.environment(group.ip) ?? new Map<string, string>();
  const sync = parameters.flag('Sync') ?? false;
  const tty = parameters.flag('TTY') ?? false;
  if (sync && tty) throw invalidParameter('TTY', 'Sync needs TTY=false');
  if (sync)
    return { SyncResponse: cloud.onExec({ group: group.id, container: name, command, env: environment }) };
  const { sessions } = cloud;
  const session = sessions.announce({
    command,
    tty,
    stdin: parameters.flag('Stdin') ?? true,
    environment,
    hasShell: cloud.hasShell(request?.image ?? ''),
  });
  return {
    WebSocketUri: `${sessions.address}/exec/?s=${session}`,
    HttpUrl: `https://eci.console.aliyun.com/terminal?param=${session}`,
  };
};
