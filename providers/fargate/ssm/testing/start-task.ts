import type { ECS } from '@aws-sdk/client-ecs';

/** Starts a task with one container, `main`. Its ARN. */
export async function startTask(
  ecs: ECS,
  cluster: string | undefined,
  enableExecuteCommand = true,
): Promise<string> {
  const { taskDefinition } = await ecs.registerTaskDefinition({
    family: 'exec',
    networkMode: 'awsvpc',
    requiresCompatibilities: ['FARGATE'],
    cpu: '256',
    memory: '512',
    taskRoleArn: 'arn:aws:iam::123456789012:role/task',
    containerDefinitions: [
      { name: 'main', image: 'busybox:1.36', environment: [{ name: 'COLOR', value: 'red' }] },
    ],
  });
  const { tasks = [] } = await ecs.runTask({
    cluster,
    taskDefinition: taskDefinition?.taskDefinitionArn,
    launchType: 'FARGATE',
    enableExecuteCommand,
    networkConfiguration: { awsvpcConfiguration: { subnets: ['subnet-0a11'] } },
  });
  return tasks[0]?.taskArn ?? '';
}
