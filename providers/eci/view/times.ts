/** A time of the API, in ISO 8601 and UTC; undefined when it is none. */
export function apiTime(text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : new Date(ms).toISOString();
}
