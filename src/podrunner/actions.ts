import type { ContainerSpec, DiskQuestion, HookAction, Probe } from '../../providers/contract/index.ts';

export type ProbeKind = 'startup' | 'readiness' | 'liveness';

/**
 * One effect. A plan names every effect that should be under way now, whether or not it is already: the runner starts
 * what is new and aborts what a later plan no longer names. `key` says which are the same.
 */
export type Action =
  | { readonly key: string; readonly kind: 'start'; readonly container: ContainerSpec; readonly run: number }
  | {
      readonly key: string;
      readonly kind: 'postStart';
      readonly containerId: string;
      readonly hook: HookAction;
    }
  | {
      readonly key: string;
      readonly kind: 'preStop';
      readonly containerId: string;
      readonly hook: HookAction;
      readonly timeoutMs: number;
    }
  | {
      readonly key: string;
      readonly kind: 'stop';
      readonly containerId: string;
      readonly gracePeriodSeconds: number;
      /** Milliseconds since the epoch; remembered when the call was accepted. */
      readonly deadline: number;
    }
  | { readonly key: string; readonly kind: 'remove'; readonly containerId: string }
  | { readonly key: string; readonly kind: 'measure'; readonly question: DiskQuestion }
  | {
      readonly key: string;
      readonly kind: 'probe';
      readonly containerId: string;
      readonly probe: Probe;
      readonly which: ProbeKind;
    };

export function startAction(container: ContainerSpec, run: number): Action {
  return { key: `start/${container.name}/${run}`, kind: 'start', container, run };
}

export function postStartAction(containerId: string, hook: HookAction): Action {
  return { key: `postStart/${containerId}`, kind: 'postStart', containerId, hook };
}

export function preStopAction(containerId: string, hook: HookAction, timeoutMs: number): Action {
  return { key: `preStop/${containerId}`, kind: 'preStop', containerId, hook, timeoutMs };
}

export function stopAction(containerId: string, gracePeriodSeconds: number, deadline: number): Action {
  return { key: `stop/${containerId}/${deadline}`, kind: 'stop', containerId, gracePeriodSeconds, deadline };
}

export function removeAction(containerId: string): Action {
  return { key: `remove/${containerId}`, kind: 'remove', containerId };
}

/** One at a time, whatever has changed since it began. */
export function measureAction(question: DiskQuestion): Action {
  return { key: 'measure', kind: 'measure', question };
}

export function probeAction(containerId: string, which: ProbeKind, probe: Probe): Action {
  return { key: `probe/${which}/${containerId}`, kind: 'probe', containerId, which, probe };
}
