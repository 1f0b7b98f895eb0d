import type { Failure, RunTaskRequest, Task, TaskDefinition } from '@aws-sdk/client-ecs';
import { type Quota, quotaMessage } from '../capacity/quota.ts';
import { type FakeMarket, outOfStockMessage, type Stock } from '../capacity/stock.ts';
import type { Throttles } from '../capacity/throttles.ts';
import { cpuUnits, memoryMib } from '../definitions/fargate-sizes.ts';
import { throttled } from '../door/service-error.ts';
import type { ContainerPlan } from '../life/container-plan.ts';
import type { Stages } from '../life/stages.ts';
import { TaskLife } from '../life/task-life.ts';
import type { Buy, FakeCluster } from './clusters.ts';
import type { Fleet } from './fleet.ts';
import type { FakeNetwork } from './network.ts';
import type { TaskRecord } from './task-record.ts';

export interface TaskMakerDeps {
  readonly region: string;
  readonly account: string;
  readonly network: FakeNetwork;
  readonly stages: Stages;
  readonly fleet: Fleet;
  readonly stock: Stock;
  readonly quota: Quota;
  readonly throttles: Throttles;
  readonly random: () => number;
  now(): number;
  plan(definition: TaskDefinition, request: RunTaskRequest): readonly ContainerPlan[];
  /** Why the secrets of a task cannot be read now. */
  secretError(definition: TaskDefinition): string | undefined;
}

/** A request of RunTask that was found valid. */
export interface Order {
  readonly request: RunTaskRequest;
  readonly definition: TaskDefinition;
  readonly cluster: FakeCluster;
  readonly subnets: readonly string[];
  choose(): Buy;
}

/**
 * Makes the tasks of an order, each with its own luck: a rate refuses the call, a quota and a shortage are failures in the
 * answer.
 */
export class TaskMaker {
  readonly #deps: TaskMakerDeps;
  #count = 0;

  constructor(deps: TaskMakerDeps) {
    this.#deps = deps;
  }

  make(order: Order): { tasks: Task[]; failures: Failure[] } {
    const { request, definition } = order;
    const { quota, throttles, now } = this.#deps;
    const cpu = cpuUnits(request.overrides?.cpu ?? definition.cpu) ?? 0;
    const memory = memoryMib(request.overrides?.memory ?? definition.memory) ?? 0;
    const tasks: Task[] = [];
    const failures: Failure[] = [];
    if (!throttles.take('fargateRuns', now())) throw throttled();
    const buys = Array.from({ length: request.count ?? 1 }, () => order.choose());
    for (const { market } of buys)
      if (!throttles.take(market === 'spot' ? 'launchSpot' : 'launchOnDemand', now())) throw throttled();
    for (const buy of buys) {
      if (!quota.allows(buy.market, cpu / 1024)) {
        failures.push({ reason: quotaMessage });
        continue;
      }
      const task = this.#place(order, buy, cpu, memory);
      if (task === undefined) failures.push({ reason: outOfStockMessage });
      else tasks.push(task);
    }
    return { tasks, failures };
  }

  /** Undefined = there is no room in any of its subnets. */
  #place(
    { request, definition, cluster, subnets }: Order,
    buy: Buy,
    cpu: number,
    memory: number,
  ): Task | undefined {
    const { stock, quota, fleet, stages, plan, now, network } = this.#deps;
    const { market } = buy;
    const zoneOf = (subnet: string): string => network.subnets[subnet] ?? '';
    const open = subnets.find((one) => stock.has(zoneOf(one), market));
    const subnet = open ?? subnets[0];
    if (subnet === undefined || (open === undefined && !stock.tellsLate)) return undefined;
    const number = ++this.#count;
    const id = this.#hex(24) + number.toString(16).padStart(8, '0');
    const { region, account } = this.#deps;
    const record: TaskRecord = {
      id,
      arn: `arn:aws:ecs:${region}:${account}:task/${cluster.name}/${id}`,
      cluster,
      definition,
      request,
      market,
      capacityProvider: buy.capacityProvider,
      zone: zoneOf(subnet),
      subnet,
      ip: `10.${(number >> 16) & 255}.${(number >> 8) & 255}.${number & 255}`,
      cpu,
      memory,
      tags: request.tags ?? [],
      life: new TaskLife({
        createdAt: now(),
        stages,
        containers: plan(definition, request),
        prepare: () => this.#deps.secretError(definition),
        ...(open === undefined && { unplaceable: { code: 'TaskFailedToStart', reason: outOfStockMessage } }),
      }),
    };
    stock.take(record.zone, market);
    quota.take(market, cpu / 1024);
    return fleet.add(record);
  }

  /** What a task held is free again. */
  release({ zone, market, cpu }: { zone: string; market: FakeMarket; cpu: number }): void {
    this.#deps.stock.giveBack(zone, market);
    this.#deps.quota.take(market, -cpu / 1024);
  }

  #hex(digits: number): string {
    return Array.from({ length: digits }, () => Math.floor(this.#deps.random() * 16).toString(16)).join('');
  }
}
