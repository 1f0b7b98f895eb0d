import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { plainContainer, plainSpec } from '../../providers/contract/conformance/plain-spec.ts';
import { RuntimeHarness } from '../../providers/contract/conformance/runtime-harness.ts';
import type {
  ContainerSpec,
  InstanceSpec,
  ProviderClock,
  RuntimeContainer,
  SandboxState,
} from '../../providers/contract/index.ts';
import { wallClock } from '../../providers/contract/index.ts';
import { createDockerRuntime } from '../../providers/docker/index.ts';
import type { DockerRuntime } from '../../providers/docker/runtime.ts';
import { runCommand } from '../../src/podrunner/checks/command.ts';
import { systemClock } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { busyboxImage } from './image.ts';

export const never: AbortSignal = new AbortController().signal;
const deadlineMs = 30_000;

/** A docker runtime with what it tells. The state folder may be one that an earlier one has left. */
export class Harness extends RuntimeHarness<DockerRuntime> {
  readonly stateDir: string;

  constructor(
    node: string,
    options: Readonly<Record<string, unknown>> = {},
    stateDir = temporaryState(),
    clock: ProviderClock = wallClock,
  ) {
    const runtime = createDockerRuntime({ options, log: silentLog, stateDir }, { clock });
    super(runtime, { clusterUid: 'test-cluster', node }, deadlineMs);
    this.stateDir = stateDir;
  }

  spec(pod: string, more: Partial<InstanceSpec> = {}): InstanceSpec {
    const owner = { ...this.scope, namespace: 'suite', name: pod, podUid: `uid-${pod}`, attempt: 0 };
    return plainSpec(owner, [], { restartPolicy: 'Never', ...more });
  }

  /** The same name gives the same sandbox. */
  sandbox(pod: string, more: Partial<InstanceSpec> = {}): Promise<SandboxState> {
    return this.runtime.createSandbox(this.spec(pod, more), `${this.scope.node}/${pod}`, never);
  }

  /** Starts a shell, waits for its end, and returns what it printed. */
  async output(sandbox: SandboxState, container: ContainerSpec): Promise<string> {
    const run = await this.start(sandbox, container);
    if (run.state.kind === 'exited' && run.state.result.reason === 'StartError')
      throw new Error(run.state.result.message);
    await this.exit(sandbox, run);
    let output = '';
    for await (const { data, partial } of this.entries(sandbox, run))
      output += `${Buffer.from(data)}${partial ? '' : '\n'}`;
    return output.replace(/\n$/, '');
  }

  async exec(
    sandbox: SandboxState,
    container: RuntimeContainer,
    command: readonly string[],
    timeoutMs = 10_000,
  ) {
    const deps = { runtime: this.runtime, clock: systemClock };
    const target = { sandboxId: sandbox.id, containerId: container.id };
    const limits = { timeoutMs, maxOutputBytes: 1_000 };
    const { output, ...rest } = await runCommand(deps, target, command, limits, never);
    return { ...rest, output: output.toString() };
  }

  /** Removes everything, closes, and takes the state folder away. */
  async end(): Promise<void> {
    await this.removeAll();
    await this.close();
    await rm(this.stateDir, { recursive: true, force: true });
  }
}

export function temporaryState(): string {
  return mkdtempSync(path.join(tmpdir(), 'burstlet-docker-'));
}

export function shell(name: string, script: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
  return container(name, { command: ['/bin/sh', '-c', script], ...more });
}

export function container(name: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
  return plainContainer(name, busyboxImage, more);
}

export const forever = 'trap "exit 0" TERM; while :; do sleep 1 & wait $!; done';
