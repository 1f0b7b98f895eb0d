import type {
  ContainerRuntime,
  ContainerSpec,
  DiskUsage,
  Notice,
  ProbeOutcome,
  RuntimeContainer,
  SandboxState,
} from '../../providers/contract/index.ts';
import { ProviderError, withPodIps } from '../../providers/contract/index.ts';
import type { Clock } from '../telemetry/clock.ts';
import type { Log } from '../telemetry/log.ts';
import type { Action } from './actions.ts';
import { bounded } from './bounded.ts';
import { messageOf, runHook, runProbe } from './checks/checker.ts';
import { hookFailed, probeFailed } from './notices.ts';
import { recordProbe } from './probing.ts';
import type { RunMemory } from './state.ts';

/** A start may pull an image first. */
const startTimeoutMs = 10 * 60_000;
const callTimeoutMs = 30_000;
/** A look at many files. */
const measureTimeoutMs = 120_000;
/** The kubelet sets no limit on a postStart hook; one that never ends is still ended here. */
const postStartTimeoutMs = 60 * 60_000;

export interface EffectContext {
  readonly runtime: ContainerRuntime;
  readonly clock: Clock;
  readonly log: Log;
  readonly sandbox: SandboxState;
  readonly notify: (notice: Notice) => void;
  readonly onProbe?: ((outcome: ProbeOutcome) => void) | undefined;
}

const nothing: DiskUsage = { volumes: new Map(), containers: new Map() };

/** What an effect changed in what the runner knows. */
export type Change =
  | { readonly kind: 'started'; readonly run: RuntimeContainer }
  | { readonly kind: 'removed'; readonly containerId: string }
  | { readonly kind: 'measured'; readonly usage: DiskUsage; readonly tookMs: number }
  | {
      readonly kind: 'learned';
      readonly containerId: string;
      readonly update: (memory: RunMemory) => RunMemory;
    };

/** Carries one action out. Rejects when the runtime failed; what a container does wrong is a change. */
export async function perform(action: Action, context: EffectContext, signal: AbortSignal): Promise<Change> {
  const { runtime, clock, sandbox } = context;
  switch (action.kind) {
    case 'start': {
      requireTarget(action.container, sandbox);
      const container = withPodIps(action.container, sandbox.ips);
      const run = await bounded(clock, startTimeoutMs, signal, (limit) =>
        runtime.startContainer(sandbox.id, container, action.run, limit),
      );
      if (run.name !== container.name || run.run !== action.run)
        throw new ProviderError(
          'Retryable',
          `runtime ${runtime.name} answered the start of ${container.name}/${action.run} with ${run.name}/${run.run}`,
        );
      return { kind: 'started', run };
    }
    case 'stop': {
      const { containerId, gracePeriodSeconds, deadline } = action;
      await bounded(clock, callTimeoutMs, signal, (limit) =>
        runtime.stopContainer(sandbox.id, containerId, { gracePeriodSeconds }, limit),
      );
      return learned(containerId, (memory) => ({
        ...memory,
        stoppedFor: Math.min(deadline, memory.stoppedFor ?? deadline),
      }));
    }
    case 'remove':
      await bounded(clock, callTimeoutMs, signal, (limit) =>
        runtime.removeContainer(sandbox.id, action.containerId, limit),
      );
      return { kind: 'removed', containerId: action.containerId };
    case 'measure': {
      const began = clock.now();
      const usage = await bounded(clock, measureTimeoutMs, signal, async (limit) =>
        runtime.diskUsage?.(sandbox.id, action.question, limit),
      );
      return { kind: 'measured', usage: usage ?? nothing, tookMs: clock.now() - began };
    }
    case 'postStart': {
      const failure = await hookFailure(action, context, postStartTimeoutMs, signal);
      if (failure === undefined)
        return learned(action.containerId, (memory) => ({ ...memory, postStart: 'done' }));
      const failed = { failedAt: clock.now(), message: `PostStartHook failed: ${failure}` };
      return learned(action.containerId, (memory) => ({ ...memory, postStart: failed }));
    }
    case 'preStop':
      await hookFailure(action, context, action.timeoutMs, signal);
      return learned(action.containerId, (memory) => ({ ...memory, preStop: 'done' }));
    case 'probe': {
      const { containerId, which, probe } = action;
      const probedAt = clock.now();
      const { result, message } = await runProbe(context, targetOf(sandbox, containerId), probe, signal);
      const container = nameOf(sandbox, containerId);
      const { podUid, namespace, name: pod } = sandbox.owner;
      context.onProbe?.({ podUid, namespace, pod, container, probe: which, result });
      if (result !== 'success') context.notify(probeFailed(container, which, result, message));
      const now = clock.now();
      return learned(containerId, (memory) => recordProbe(memory, which, probe, { result, probedAt, now }));
    }
  }
}

/** As kuberuntime_container.go, getTargetID: the target must have run; whether it still lives is for the runtime to say. */
function requireTarget({ targetContainer }: ContainerSpec, { containers }: SandboxState): void {
  if (targetContainer === undefined || containers.some(({ name }) => name === targetContainer)) return;
  throw new ProviderError('Retryable', `unable to find target container ${targetContainer}`, {
    reason: 'CreateContainerConfigError',
  });
}

function learned(containerId: string, update: (memory: RunMemory) => RunMemory): Change {
  return { kind: 'learned', containerId, update };
}

/** Why the hook failed; undefined = it did not. Rejects only when it was called off. */
async function hookFailure(
  action: Extract<Action, { kind: 'postStart' | 'preStop' }>,
  context: EffectContext,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    await runHook(context, targetOf(context.sandbox, action.containerId), action.hook, timeoutMs, signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    const { containerId, kind } = action;
    context.log.warn({ containerId, hook: kind, err: messageOf(error) }, 'lifecycle hook failed');
    context.notify(hookFailed(nameOf(context.sandbox, containerId), kind));
    return messageOf(error);
  }
}

function nameOf({ containers }: SandboxState, containerId: string): string {
  return containers.find(({ id }) => id === containerId)?.name ?? '';
}

function targetOf(sandbox: SandboxState, containerId: string) {
  return { sandboxId: sandbox.id, containerId, address: sandbox.ips[0] };
}
