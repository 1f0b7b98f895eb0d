import type {
  Capabilities,
  Capacity,
  ContainerRuntime,
  ContainerSpec,
  DiskQuestion,
  DiskUsage,
  ExecRequest,
  ForwardedConnection,
  InstanceSpec,
  LogEntry,
  OwnerScope,
  ProcessStreams,
  RuntimeContainer,
  SandboxListener,
  SandboxState,
  SandboxStats,
  TerminatedState,
} from '../../../providers/contract/index.ts';
import { inScope, ProviderError, podFeatures } from '../../../providers/contract/index.ts';
import type { Clock } from '../../telemetry/clock.ts';

/** What one run does. By default it runs until SIGTERM and then ends at once with 143. */
export interface Behaviour {
  /** Ends by itself with this code after `afterMs` (0). */
  readonly exitCode?: number;
  readonly afterMs?: number;
  /** How long it takes to end after SIGTERM; 'never' = only SIGKILL helps. */
  readonly onTermMs?: number | 'never';
  readonly termExitCode?: number;
  readonly startError?: string;
}

interface Run {
  readonly sandboxId: string;
  container: RuntimeContainer;
  readonly behaviour: Behaviour;
  killAt: number;
  cancels: (() => void)[];
}

/** A container runtime in memory that keeps the contract to the letter and writes down what it was told. */
export class FakeRuntime implements ContainerRuntime {
  readonly name = 'fake';
  /** `start app/0`, `stop app/0 30s`, `exec app/0 true`, `remove app/0`, each with the time it came. */
  readonly calls: { readonly at: number; readonly text: string }[] = [];
  /** What must never happen: two live runs of a container, a sandbox made twice. */
  readonly violations: string[] = [];
  /** The spec of the latest run, by container name. */
  readonly specs = new Map<string, ContainerSpec>();
  behave: (name: string, run: number) => Behaviour = () => ({});
  answer: (command: readonly string[], name: string, signal: AbortSignal) => Promise<number> = async () => 0;
  /** Called before each call takes effect; may throw or wait. */
  before: (text: string, signal: AbortSignal) => Promise<void> | void = () => {};
  /** What is on disk, by name: of volumes and of containers. */
  readonly disk = new Map<string, number>();
  readonly #clock: Clock;
  readonly #sandboxes = new Map<string, SandboxState>();
  readonly #tokens = new Map<string, string>();
  readonly #runs = new Map<string, Run>();
  readonly #listeners = new Set<{ scope: OwnerScope; listener: SandboxListener }>();
  #count = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  capabilities(): Capabilities {
    const features = Object.fromEntries(podFeatures.map((feature) => [feature, { support: 'honoured' }]));
    return {
      features: features as Capabilities['features'],
      os: ['linux'],
      arch: ['amd64'],
      needsCommand: false,
      retainsStopped: true,
    };
  }

  async capacity(): Promise<Capacity> {
    return { resources: { cpuMillis: 8000, memoryBytes: 2 ** 34 }, instances: 100 };
  }

  async createSandbox(spec: InstanceSpec, token: string, signal: AbortSignal): Promise<SandboxState> {
    await this.#enter(`sandbox ${spec.owner.name}`, signal);
    const id = this.#tokens.get(token) ?? `sandbox-${++this.#count}`;
    this.#tokens.set(token, id);
    if (!this.#sandboxes.has(id)) {
      const createdAt = this.#time();
      this.#sandboxes.set(id, { id, owner: spec.owner, createdAt, ips: ['127.0.0.1'], containers: [] });
      this.#changed(id);
    }
    return this.state(id);
  }

  async startContainer(
    sandboxId: string,
    spec: ContainerSpec,
    number: number,
    signal: AbortSignal,
  ): Promise<RuntimeContainer> {
    await this.#enter(`start ${spec.name}/${number}`, signal);
    if (!this.#sandboxes.has(sandboxId)) throw new ProviderError('NotFound', `no sandbox ${sandboxId}`);
    const same = this.#runsOf(sandboxId).filter(({ container }) => container.name === spec.name);
    const known = same.find(({ container }) => container.run === number);
    if (known !== undefined) return known.container;
    if (same.some(({ container }) => container.state.kind === 'running'))
      this.violations.push(`second live run of ${spec.name}: ${number}`);
    if (same.some(({ container }) => container.run > number))
      this.violations.push(`run ${number} of ${spec.name} after a later one`);
    this.specs.set(spec.name, spec);
    const id = `${spec.name}-${number}-${++this.#count}`;
    const behaviour = this.behave(spec.name, number);
    const run: Run = {
      sandboxId,
      behaviour,
      container: {
        id,
        name: spec.name,
        run: number,
        image: spec.image,
        imageId: `${spec.image}@sha256:0`,
        state: { kind: 'running', startedAt: this.#time() },
      },
      killAt: Number.POSITIVE_INFINITY,
      cancels: [],
    };
    this.#runs.set(id, run);
    if (behaviour.startError !== undefined) this.#end(id, 128, 'StartError', behaviour.startError);
    else if (behaviour.exitCode !== undefined)
      this.#endLater(run, behaviour.afterMs ?? 0, behaviour.exitCode);
    this.#changed(sandboxId);
    return run.container;
  }

  async stopContainer(
    sandboxId: string,
    containerId: string,
    options: { readonly gracePeriodSeconds: number },
    signal: AbortSignal,
  ): Promise<void> {
    const run = this.#runs.get(containerId);
    await this.#enter(`stop ${this.#label(containerId)} ${options.gracePeriodSeconds}s`, signal);
    if (run?.sandboxId !== sandboxId || run.container.state.kind !== 'running') return;
    const { onTermMs = 0, termExitCode = 143 } = run.behaviour;
    if (run.killAt === Number.POSITIVE_INFINITY && onTermMs !== 'never')
      this.#endLater(run, onTermMs, termExitCode);
    const killAt = this.#clock.now() + options.gracePeriodSeconds * 1000;
    if (killAt >= run.killAt) return;
    run.killAt = killAt;
    this.#endLater(run, killAt - this.#clock.now(), 137);
  }

  async removeContainer(sandboxId: string, containerId: string, signal: AbortSignal): Promise<void> {
    await this.#enter(`remove ${this.#label(containerId)}`, signal);
    if (this.#runs.get(containerId)?.container.state.kind === 'running')
      this.violations.push(`removed the live run ${containerId}`);
    if (this.#runs.delete(containerId)) this.#changed(sandboxId);
  }

  async removeSandbox(sandboxId: string, signal: AbortSignal): Promise<void> {
    await this.#enter(`remove sandbox`, signal);
    this.vanish(sandboxId);
  }

  async diskUsage(_sandboxId: string, question: DiskQuestion, signal: AbortSignal): Promise<DiskUsage> {
    const containers = question.containerIds.map((id) => this.#label(id).split('/')[0] ?? '');
    await this.#enter(`measure ${[...question.volumes, ...containers].join(' ')}`, signal);
    const usage = (keys: readonly string[], names: readonly string[]) =>
      new Map(keys.map((key, index) => [key, this.disk.get(names[index] ?? '') ?? 0]));
    return {
      volumes: usage(question.volumes, question.volumes),
      containers: usage(question.containerIds, containers),
    };
  }

  async list(scope: OwnerScope, signal: AbortSignal): Promise<readonly SandboxState[]> {
    await this.#enter('list', signal);
    return [...this.#sandboxes.values()]
      .filter(({ owner }) => inScope(owner, scope))
      .map(({ id }) => this.state(id));
  }

  observe(scope: OwnerScope, listener: SandboxListener, signal: AbortSignal): Promise<void> {
    const entry = { scope, listener };
    this.#listeners.add(entry);
    return new Promise((resolve) => {
      signal.addEventListener('abort', () => {
        this.#listeners.delete(entry);
        resolve();
      });
    });
  }

  async exec(
    sandboxId: string,
    containerId: string,
    { command }: ExecRequest,
    { stdin, stdout }: ProcessStreams,
    signal: AbortSignal,
  ): Promise<number> {
    await this.#enter(`exec ${this.#label(containerId)} ${command.join(' ')}`, signal);
    const { name } = this.#running(sandboxId, containerId);
    if (stdin !== undefined) for await (const chunk of stdin) stdout?.write(chunk);
    return await new Promise<number>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
      this.answer(command, name, signal).then(resolve, reject);
    });
  }

  async attach(
    sandboxId: string,
    containerId: string,
    { stdout }: ProcessStreams,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#enter(`attach ${this.#label(containerId)}`, signal);
    const { name } = this.#running(sandboxId, containerId);
    stdout?.write(`output of ${name}`);
  }

  async portForward(
    sandboxId: string,
    port: number,
    connection: ForwardedConnection,
    signal: AbortSignal,
  ): Promise<void> {
    await this.#enter(`forward ${sandboxId} ${port}`, signal);
    connection.end();
  }

  async *logs(_sandboxId: string, containerId: string): AsyncIterable<LogEntry> {
    const data = Buffer.from(`log of ${this.#label(containerId)}`);
    yield { time: '2026-01-01T00:00:00.000000000Z', stream: 'stdout', data, partial: false };
  }

  async stats(scope: OwnerScope): Promise<readonly SandboxStats[]> {
    return [...this.#sandboxes.values()]
      .filter(({ owner }) => inScope(owner, scope))
      .map(({ id, owner }) => ({ sandboxId: id, podUid: owner.podUid, containers: [] }));
  }

  /** Ends the live run of a container. */
  exit(name: string, code: number): void {
    for (const run of this.#runs.values())
      if (run.container.name === name && run.container.state.kind === 'running')
        this.#end(run.container.id, code);
  }

  /** The live run is gone without an exit, as after `docker rm -f`. */
  lose(name: string): void {
    for (const [id, run] of this.#runs) {
      if (run.container.name !== name) continue;
      for (const cancel of run.cancels) cancel();
      this.#runs.delete(id);
      this.#changed(run.sandboxId);
    }
  }

  /** The sandbox is gone with all that is in it. */
  vanish(sandboxId: string): void {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined) return;
    for (const { container, cancels } of this.#runsOf(sandboxId)) {
      for (const cancel of cancels) cancel();
      this.#runs.delete(container.id);
    }
    this.#sandboxes.delete(sandboxId);
    for (const { scope, listener } of this.#listeners)
      if (inScope(sandbox.owner, scope)) listener({ type: 'gone', sandboxId, podUid: sandbox.owner.podUid });
  }

  state(sandboxId: string): SandboxState {
    const sandbox = this.#sandboxes.get(sandboxId);
    if (sandbox === undefined) throw new ProviderError('NotFound', `no sandbox ${sandboxId}`);
    return { ...sandbox, containers: this.#runsOf(sandboxId).map(({ container }) => container) };
  }

  /** Names with run numbers of what runs now: `app/0`. */
  get live(): string[] {
    return [...this.#runs.values()]
      .filter(({ container }) => container.state.kind === 'running')
      .map(({ container }) => this.#label(container.id));
  }

  #running(sandboxId: string, containerId: string): RuntimeContainer {
    const run = this.#runs.get(containerId);
    if (run?.sandboxId !== sandboxId || run.container.state.kind !== 'running')
      throw new ProviderError('NotFound', 'not running');
    return run.container;
  }

  async #enter(text: string, signal: AbortSignal): Promise<void> {
    this.calls.push({ at: this.#clock.now(), text });
    await this.before(text, signal);
    signal.throwIfAborted();
  }

  #runsOf(sandboxId: string): Run[] {
    return [...this.#runs.values()].filter((run) => run.sandboxId === sandboxId);
  }

  #endLater(run: Run, ms: number, code: number): void {
    run.cancels.push(this.#clock.schedule(ms, () => this.#end(run.container.id, code)));
  }

  #end(id: string, exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error', message = ''): void {
    const run = this.#runs.get(id);
    if (run?.container.state.kind !== 'running') return;
    for (const cancel of run.cancels) cancel();
    const { startedAt } = run.container.state;
    const finishedAt = this.#time();
    const result: TerminatedState = {
      kind: 'terminated',
      exitCode,
      reason,
      message,
      startedAt,
      finishedAt,
      containerId: id,
    };
    run.container = { ...run.container, state: { kind: 'exited', result } };
    this.#changed(run.sandboxId);
  }

  #changed(sandboxId: string): void {
    const sandbox = this.state(sandboxId);
    for (const { scope, listener } of this.#listeners)
      if (inScope(sandbox.owner, scope)) listener({ type: 'changed', sandbox });
  }

  #label(id: string): string {
    const container = this.#runs.get(id)?.container;
    return container === undefined ? id : `${container.name}/${container.run}`;
  }

  #time(): string {
    return new Date(this.#clock.now()).toISOString();
  }
}
