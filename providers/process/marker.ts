/**
 * The one variable that the runtime adds to every environment, shim and containers alike. Children inherit it, so a
 * process that has left its group and session, or that a killed shim started but could not note down, is still found.
 */
export const markerVariable = 'BURSTLET_CONTAINER_ID';

/** The id of a run, which is also the value of its marker. */
export function containerId(mark: string, container: string, run: number): string {
  return `${mark}-${container}-${run}`;
}

/** The marker of the shim: of the sandbox, but of no container. */
export function shimMarker(mark: string): string {
  return `${mark}-`;
}

const execSuffix = '/exec';

/** The marker of commands that run beside the first process of a container. */
export function execMarker(containerId: string): string {
  return `${containerId}${execSuffix}`;
}

export function isExecMarker(marker: string): boolean {
  return marker.endsWith(execSuffix);
}

/** Of the container's own processes and of what was executed in it. */
export function isMarkedAs(marker: string, containerId: string): boolean {
  return marker === containerId || marker === execMarker(containerId);
}

export function isMarkedBy(marker: string, mark: string): boolean {
  return marker.startsWith(`${mark}-`);
}

/** The marker in an environment of `NAME=value` entries. */
export function markerIn(environment: readonly string[]): string | undefined {
  const prefix = `${markerVariable}=`;
  return environment.find((entry) => entry.startsWith(prefix))?.slice(prefix.length);
}
