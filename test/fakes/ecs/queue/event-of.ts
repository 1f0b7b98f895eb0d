import { createHash } from 'node:crypto';
import type { Task } from '@aws-sdk/client-ecs';

export interface EventContext {
  readonly region: string;
  readonly account: string;
  readonly at: number;
}

/**
 * An "ECS Task State Change" as EventBridge puts it into a queue: docs.aws.amazon.com/AmazonECS/latest/developerguide/
 * ecs_cwe_events.html. Tags and health are not in it.
 */
export function eventOf(task: Task, { region, account, at }: EventContext): string {
  const { tags, healthStatus, containers = [], ...rest } = task;
  const time = new Date(at).toISOString();
  const hash = createHash('sha256').update(`${task.taskArn} ${task.version}`).digest('hex');
  return JSON.stringify({
    version: '0',
    id: `${hash.slice(0, 8)}-${hash.slice(8, 12)}-${hash.slice(12, 16)}-${hash.slice(16, 20)}-${hash.slice(20, 32)}`,
    'detail-type': 'ECS Task State Change',
    source: 'aws.ecs',
    account,
    time: `${time.slice(0, 19)}Z`,
    region,
    resources: [task.taskArn],
    detail: {
      ...rest,
      containers: containers.map(({ healthStatus: _health, ...container }) => container),
      updatedAt: time,
    },
  });
}
