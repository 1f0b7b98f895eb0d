/** Times as the API gives them: UTC, whole seconds. */
export function apiTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** Whole seconds from one moment to another, as they follow from the times that the API gives. */
export function apiSeconds(from: number, to: number): number {
  return Math.floor(to / 1000) - Math.floor(from / 1000);
}
