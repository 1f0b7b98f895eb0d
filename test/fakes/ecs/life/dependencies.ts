import type { ContainerLife } from './container-life.ts';

export type DependencyState = 'met' | 'open' | 'failed';

/**
 * Whether a container may be started: docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDependency.html.
 * `failed`: it never will.
 */
export function dependencyState(
  container: ContainerLife,
  all: ReadonlyMap<string, ContainerLife>,
): DependencyState {
  const states = container.plan.dependsOn.map(({ containerName, condition }): DependencyState => {
    const other = all.get(containerName);
    if (other === undefined || (other.status === 'STOPPED' && !other.begun)) return 'failed';
    const ended = other.status === 'STOPPED';
    if (condition === 'START') return other.begun ? 'met' : 'open';
    if (condition === 'COMPLETE') return ended ? 'met' : 'open';
    if (condition === 'SUCCESS' && ended) return other.exitCode === 0 ? 'met' : 'failed';
    if (condition === 'HEALTHY' && other.health === 'HEALTHY') return 'met';
    if (condition === 'HEALTHY' && (ended || other.health === 'UNHEALTHY')) return 'failed';
    return 'open';
  });
  if (states.includes('failed')) return 'failed';
  return states.includes('open') ? 'open' : 'met';
}

/** When those that wait for `container` give up, by its startTimeout. */
export function givesUpAt(container: ContainerLife, all: ReadonlyMap<string, ContainerLife>): number {
  const limits = container.plan.dependsOn.map(({ containerName, condition }) => {
    const other = all.get(containerName);
    const since = other?.runs[0]?.startedAt;
    const limit = other?.plan.startTimeoutMs;
    if (condition === 'START' || since === undefined || limit === undefined) return Number.POSITIVE_INFINITY;
    return since + limit;
  });
  return Math.min(Number.POSITIVE_INFINITY, ...limits);
}

/** Those that may get SIGTERM now: nobody that still runs depends on them. */
export function stoppableFirst(all: ReadonlyMap<string, ContainerLife>): ContainerLife[] {
  const running = [...all.values()].filter(({ status }) => status !== 'STOPPED');
  const needed = new Set(
    running.flatMap(({ plan }) => plan.dependsOn.map(({ containerName }) => containerName)),
  );
  return running.filter(({ plan }) => !needed.has(plan.name));
}
