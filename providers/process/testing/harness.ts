import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { plainContainer, plainSpec } from '../../contract/conformance/plain-spec.ts';
import { RuntimeHarness } from '../../contract/conformance/runtime-harness.ts';
import type { ContainerSpec, InstanceSpec } from '../../contract/instance-spec.ts';
import type { LogEntry, LogQuery } from '../../contract/logs.ts';
import type { ProviderLog } from '../../contract/provider.ts';
import type { ContainerRuntime, RuntimeContainer, SandboxState } from '../../contract/runtime.ts';
import { createProcessRuntime } from '../create-runtime.ts';
import { isMarkedBy, markerIn } from '../marker.ts';
import { createProcessTable } from '../process-table.ts';
import type { ProcessLimits } from '../runtime.ts';
import { Sink } from './streams.ts';

const silent: ProviderLog = { debug() {}, info() {}, warn() {}, error() {} };
export const never: AbortSignal = new AbortController().signal;

const deadlineMs = 15_000;

type Runtime = ContainerRuntime & Required<Pick<ContainerRuntime, 'exec' | 'attach' | 'portForward'>>;

/** A runtime on a state folder, which may be shared with others, each with its own scope. */
export class Harness extends RuntimeHarness<Runtime> {
  constructor(stateDir: string, node: string, limits: Partial<ProcessLimits> = {}) {
    const runtime = createProcessRuntime({ stateDir, log: silent, ...limits });
    super(runtime, { clusterUid: 'test-cluster', node }, deadlineMs);
  }

  spec(pod: string): InstanceSpec {
    const owner = { ...this.scope, namespace: 'default', name: pod, podUid: `uid-${pod}`, attempt: 0 };
    return plainSpec(owner, [], { restartPolicy: 'Never' });
  }

  /** The same name gives the same sandbox. */
  sandbox(pod: string): Promise<SandboxState> {
    return this.runtime.createSandbox(this.spec(pod), `${this.scope.node}/${pod}`, never);
  }

  /** Follows, unless told otherwise. */
  override entries(
    sandbox: SandboxState,
    container: RuntimeContainer,
    query: Partial<LogQuery> = {},
  ): AsyncIterable<LogEntry> {
    return super.entries(sandbox, container, { follow: true, ...query });
  }

  /** Runs a command to its end. */
  async exec(sandbox: SandboxState, container: RuntimeContainer, command: readonly string[]) {
    const sink = new Sink();
    const streams = { stdout: sink, stderr: sink };
    const request = { command, tty: false };
    const exitCode = await this.runtime.exec(sandbox.id, container.id, request, streams, never);
    return { exitCode, output: sink.text };
  }
}

export function shell(name: string, script: string, more: Partial<ContainerSpec> = {}): ContainerSpec {
  return command(name, ['sh', '-c', script], more);
}

export function command(
  name: string,
  argv: readonly string[],
  more: Partial<ContainerSpec> = {},
): ContainerSpec {
  return plainContainer(name, 'burstlet.dev/host', { command: argv, ...more });
}

/** A state folder for the tests of one file: its shims share compiled code, and start the faster. */
export function temporaryState(): { readonly folder: string; remove(): Promise<void> } {
  const folder = mkdtempSync(path.join(tmpdir(), 'burstlet-process-'));
  return { folder, remove: () => rm(folder, { recursive: true, force: true }) };
}

const table = createProcessTable();

/** Pids of everything that carries the mark of a sandbox, its shim included. */
export function markedProcesses(mark: string): number[] {
  return table
    .list()
    .filter((entry) => !entry.ended)
    .filter((entry) => isMarkedBy(markerIn(table.environment(entry.id.pid)) ?? '', mark))
    .map((entry) => entry.id.pid);
}
