import type { RunTaskRequest, Tag, TaskDefinition } from '@aws-sdk/client-ecs';
import type { FakeMarket } from '../capacity/stock.ts';
import type { TaskLife } from '../life/task-life.ts';
import type { FakeCluster } from './clusters.ts';

/** All that is fixed of a task once it was accepted, and the life it has. */
export interface TaskRecord {
  readonly id: string;
  readonly arn: string;
  readonly cluster: FakeCluster;
  readonly definition: TaskDefinition;
  readonly request: RunTaskRequest;
  readonly life: TaskLife;
  readonly market: FakeMarket;
  readonly capacityProvider: string | undefined;
  readonly zone: string;
  readonly subnet: string;
  readonly ip: string;
  /** CPU units and MiB. */
  readonly cpu: number;
  readonly memory: number;
  tags: readonly Tag[];
}
