import type { ExecuteCommandRequest } from '@aws-sdk/client-ecs';
import { invalidParameter, ServiceError } from '../door/service-error.ts';
import type { ExecSession } from '../exec/exec-session.ts';
import type { ExecSessions } from '../exec/exec-sessions.ts';
import type { Clusters } from '../tasks/clusters.ts';
import type { Fleet } from '../tasks/fleet.ts';
import { type Action, action } from './action.ts';

export interface ExecActionsDeps {
  readonly clusters: Clusters;
  readonly fleet: Fleet;
  readonly exec: ExecSessions;
}

/** ExecuteCommand of ECS. */
export function execActions({ clusters, fleet, exec }: ExecActionsDeps): Record<string, Action> {
  function executeCommand(request: ExecuteCommandRequest): object {
    const cluster = clusters.find(request.cluster);
    const task = fleet.find(request.task ?? '');
    if (task === undefined || task.cluster !== cluster || task.life.status === 'STOPPED')
      throw invalidParameter('The referenced task was not found.');
    if (request.interactive !== true) throw invalidParameter('Interactive must be true.');
    const names = [...task.life.containers.keys()];
    const { container = names.length === 1 ? names[0] : undefined, command = '' } = request;
    if (container === undefined)
      throw invalidParameter('The container name must be specified for a task with more than one container.');
    if (command === '') throw invalidParameter('Command cannot be empty.');
    const { deps, token } = exec.create(task, container, command);
    return {
      clusterArn: cluster.arn,
      containerArn: `${cluster.arn.replace(':cluster/', ':container/')}/${task.id}/${container}`,
      containerName: container,
      interactive: true,
      session: { sessionId: deps.id, streamUrl: streamUrl(exec, deps.id), tokenValue: token },
      taskArn: task.arn,
    };
  }

  return { ExecuteCommand: action(executeCommand) };
}

/** What Systems Manager has for sessions that are open. */
export function sessionActions(exec: ExecSessions): Record<string, Action> {
  function known(id = ''): ExecSession {
    const session = exec.find(id);
    if (session === undefined)
      throw new ServiceError('DoesNotExistException', `Session ${id} does not exist`);
    return session;
  }

  return {
    TerminateSession: action(({ SessionId }: SessionRequest) => {
      known(SessionId).end('Your session was terminated.');
      return { SessionId };
    }),
    ResumeSession: action(({ SessionId }: SessionRequest) => {
      const session = known(SessionId);
      if (session.isOver) return { SessionId };
      return { SessionId, TokenValue: session.renewToken(), StreamUrl: streamUrl(exec, session.deps.id) };
    }),
  };
}

interface SessionRequest {
  readonly SessionId?: string;
}

function streamUrl({ streamBase }: ExecSessions, id: string): string {
  return `${streamBase}/v1/data-channel/${id}?role=publish_subscribe&cell-number=AAEAAfake`;
}
