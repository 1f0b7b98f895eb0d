import type { Task } from '@aws-sdk/client-ecs';
import { type ProviderClock, wallClock } from '../../../providers/contract/index.ts';
import { clusterActions } from './api/cluster-actions.ts';
import { definitionActions } from './api/definition-actions.ts';
import { logActions } from './api/log-actions.ts';
import { queueActions } from './api/queue-actions.ts';
import { secretActions } from './api/secret-actions.ts';
import { execActions, sessionActions } from './api/session-actions.ts';
import { taskActions } from './api/task-actions.ts';
import { type BillLine, billLine, type FakeRates, listRates } from './capacity/bill.ts';
import { Quota } from './capacity/quota.ts';
import { Stock } from './capacity/stock.ts';
import { Throttles } from './capacity/throttles.ts';
import { DefinitionRegistry } from './definitions/definition-registry.ts';
import { CallLog } from './door/call-log.ts';
import type { ServiceTable } from './door/door.ts';
import { ExecSessions } from './exec/exec-sessions.ts';
import { Faults } from './faults.ts';
import type { Health } from './life/container-life.ts';
import type { FakeExit } from './life/program.ts';
import { briskStages } from './life/stages.ts';
import type { StopOrder } from './life/task-life.ts';
import { LogStore } from './logs/log-store.ts';
import { type FakeEcsOptions, smallNetwork } from './options.ts';
import { eventOf } from './queue/event-of.ts';
import { Queue } from './queue/queue.ts';
import { SecretAgent, secretsOf } from './secrets/agent.ts';
import { StoredSecrets } from './secrets/stored-secrets.ts';
import { ClientTokens, type TokenTask } from './tasks/client-tokens.ts';
import { Clusters } from './tasks/clusters.ts';
import { Fleet } from './tasks/fleet.ts';
import type { FakeNetwork } from './tasks/network.ts';
import { planContainers } from './tasks/plan-containers.ts';
import { TaskMaker } from './tasks/task-maker.ts';
import type { TaskRecord } from './tasks/task-record.ts';
import { viewTask } from './tasks/task-view.ts';

/** A task as its cloud knows it. */
export interface FakeTask {
  readonly task: Task;
  /** Each status it had, and since when. */
  readonly history: readonly { readonly status: string; readonly at: number }[];
  readonly bill: BillLine | undefined;
  /** ARNs of the stored secrets that its definition refers to. */
  readonly secrets: readonly string[];
}

/** What the spot market may do. */
export interface FakeSpotMarket {
  /** `SpotInterruption` today, `TerminationNotice` in older texts. */
  stopCode: 'SpotInterruption' | 'TerminationNotice';
  /** Takes a task back; Fargate gives two minutes. */
  interrupt(task: string, noticeMs?: number): void;
}

/** An account of ECS on Fargate in memory, with its logs and queues, and the controls that only a fake has. */
export class FakeEcsCloud {
  readonly region: string;
  readonly account = '123456789012';
  readonly clock: ProviderClock;
  readonly network: FakeNetwork;
  readonly stock = new Stock();
  readonly quota = new Quota();
  readonly throttles: Throttles;
  readonly faults: Faults;
  readonly calls: CallLog;
  readonly logs: LogStore;
  /** Secrets Manager. */
  readonly secrets: StoredSecrets;
  /** ECS exec. */
  readonly exec: ExecSessions;
  readonly services: readonly ServiceTable[];
  readonly market: FakeSpotMarket;
  readonly prices: FakeRates;
  /** A stopped task has no tags any more, as the reference of StopTask says. */
  stopDropsTags = true;
  /** How far reads of tasks lag behind. */
  lagMs: number;
  /** How long a log line takes until it can be read. */
  ingestionMs = 0;
  /** Chance that a page of GetLogEvents is empty though it is not the end. */
  blankPages = 0;
  readonly #fleet: Fleet;
  readonly #maker: TaskMaker;
  readonly #tokens: ClientTokens;
  readonly #keepsHistory: boolean;
  readonly #random: () => number;
  readonly #queues = new Map<string, Queue>();
  readonly #history = new Map<string, { status: string; at: number }[]>();

  constructor(options: FakeEcsOptions = {}) {
    const { clock = wallClock, random = Math.random, region = 'us-east-1', history = true } = options;
    const arnPrefix = `arn:aws:ecs:${region}:${this.account}`;
    const now = (): number => clock.now();
    this.region = region;
    this.clock = clock;
    this.network = options.network ?? smallNetwork;
    this.throttles = new Throttles(options.rates ?? {});
    this.faults = new Faults(random);
    this.calls = new CallLog(history);
    this.#keepsHistory = history;
    this.lagMs = options.lagMs ?? 0;
    this.prices = options.prices ?? listRates;
    this.#random = random;
    const stages = { ...briskStages, ...options.stages };
    this.#fleet = new Fleet({
      clock,
      lagMs: () => this.lagMs,
      retentionMs: stages.retention,
      onChange: (task, view, at) => this.#changed(task, view, at),
    });
    this.logs = new LogStore({
      region,
      account: this.account,
      tasks: () => this.#fleet.all(),
      task: (id) => this.#fleet.ever(id),
      now,
      ingestionMs: () => this.ingestionMs,
    });
    this.exec = new ExecSessions({ clock, random });
    const clusters = new Clusters(arnPrefix);
    const named = options.clusters ?? { burstlet: ['FARGATE', 'FARGATE_SPOT'], default: [] };
    for (const [name, providers] of Object.entries(named)) clusters.add(name, providers);
    const definitions = new DefinitionRegistry({ arnPrefix, now });
    this.secrets = new StoredSecrets({ region, account: this.account, random, now });
    const agent = new SecretAgent(this.secrets);
    const fleet = this.#fleet;
    const { network, throttles, stock, quota } = this;
    this.#maker = new TaskMaker({
      ...{ region, account: this.account, network, stages, fleet, stock, quota, throttles, random, now },
      plan: (definition, request) =>
        planContainers(definition, request.overrides, {
          choose: options.program ?? (() => undefined),
          logError: (group, mayCreate) => this.logs.open(group, mayCreate),
          secretVariables: (container) => agent.variables(container),
        }),
      secretError: ({ containerDefinitions = [] }) => agent.objection(containerDefinitions),
    });
    this.#tokens = new ClientTokens((arn) => this.#lookUp(arn));
    this.market = {
      stopCode: 'SpotInterruption',
      interrupt: (task, noticeMs = 120_000) => this.#interrupt(task, noticeMs),
    };
    const ecs = {
      ...taskActions({
        clusters,
        definitions,
        fleet,
        maker: this.#maker,
        tokens: this.#tokens,
        network,
        random,
        now,
      }),
      ...definitionActions(definitions),
      ...clusterActions({ clusters, definitions, fleet }),
      ...execActions({ clusters, fleet, exec: this.exec }),
    };
    this.services = [
      {
        target: 'AmazonEC2ContainerServiceV20141113',
        service: 'ecs',
        contentType: 'application/x-amz-json-1.1',
        actions: ecs,
      },
      {
        target: 'Logs_20140328',
        service: 'logs',
        contentType: 'application/x-amz-json-1.1',
        actions: logActions(this.logs, () => random() < this.blankPages),
      },
      {
        target: 'AmazonSQS',
        service: 'sqs',
        contentType: 'application/x-amz-json-1.0',
        actions: queueActions((url) => this.#queues.get(url.slice(url.lastIndexOf('/') + 1))),
      },
      {
        target: 'AmazonSSM',
        service: 'ssm',
        contentType: 'application/x-amz-json-1.1',
        actions: sessionActions(this.exec),
      },
      {
        target: 'secretsmanager',
        service: 'secretsmanager',
        contentType: 'application/x-amz-json-1.1',
        actions: secretActions(this.secrets),
      },
    ];
  }
  /** Everything ever made, oldest first. */
  instances(): FakeTask[] {
    return this.#fleet.all().map((record) => ({
      task: viewTask(record),
      history: this.#history.get(record.arn) ?? [],
      bill: billLine(record, this.prices, this.clock.now()),
      secrets: secretsOf(record.definition.containerDefinitions ?? []),
    }));
  }

  /** By ARN or id. Throws when it is not known any more. */
  task(name: string): Task {
    return viewTask(this.#known(name));
  }

  /** What was and is billed, task by task. */
  bill(): BillLine[] {
    return this.instances().flatMap(({ bill }) => bill ?? []);
  }

  /** A container ends now, as if by itself. */
  exit(task: string, container: string, exit: FakeExit): void {
    const record = this.#known(task);
    this.#fleet.change(record, (at) => {
      record.life.containers.get(container)?.exit(at, exit);
      record.life.touched(at);
      return true;
    });
  }

  /** A health check gives this result from now on. */
  setHealth(task: string, container: string, health: Health): void {
    const record = this.#known(task);
    this.#fleet.change(record, (at) => {
      record.life.containers.get(container)?.setHealth(health);
      record.life.touched(at);
      return true;
    });
  }

  /** The platform stops a task. */
  stop(task: string, order: StopOrder): void {
    const record = this.#known(task);
    this.#fleet.change(record, (at) => record.life.requestStop(at, order));
  }

  /** A queue that is fed with the state changes of all tasks. Returns it; its URL is the endpoint, `/`, the account, `/`, the name. */
  queue(name: string): Queue {
    const queue = this.#queues.get(name) ?? new Queue({ clock: this.clock, random: this.#random });
    this.#queues.set(name, queue);
    return queue;
  }

  close(): void {
    this.exec.close();
    this.#fleet.close();
  }

  #sweep(): void {
    for (const arn of this.#fleet.sweep()) this.#history.delete(arn);
    this.#tokens.sweep(this.clock.now());
  }

  #interrupt(task: string, noticeMs: number): void {
    const record = this.#known(task);
    if (record.market !== 'spot') throw new Error(`${task} is not on the spot market`);
    const order = { code: this.market.stopCode, reason: 'Your Spot Task was interrupted.' };
    this.#fleet.change(record, (at) => record.life.interrupt(at, noticeMs, order));
  }

  #known(name: string): TaskRecord {
    const record = this.#fleet.find(name);
    if (record === undefined) throw new Error(`the cloud knows no task ${name}`);
    return record;
  }

  #lookUp(arn: string): TokenTask | undefined {
    const record = this.#fleet.find(arn);
    return record && { arn, ...record.life.state() };
  }

  #changed(record: TaskRecord, view: Task, at: number): void {
    const { lastStatus = '' } = view;
    const history = this.#history.get(record.arn) ?? [];
    this.#history.set(record.arn, history);
    if (history.at(-1)?.status !== lastStatus) history.push({ status: lastStatus, at });
    this.exec.follow(record);
    if (lastStatus === 'STOPPED') {
      this.#maker.release(record);
      if (this.stopDropsTags) record.tags = [];
      if (!this.#keepsHistory) this.#sweep();
    }
    const { region, account } = this;
    for (const queue of this.#queues.values()) queue.send(eventOf(view, { region, account, at }));
  }
}
