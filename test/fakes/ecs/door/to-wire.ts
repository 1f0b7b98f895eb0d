/** JSON as the services write it: times are seconds since the epoch, what is not set is absent. */
export function toWire(answer: object): string {
  return JSON.stringify(seconds(answer));
}

function seconds(value: unknown): unknown {
  if (value instanceof Date) return value.getTime() / 1000;
  if (Array.isArray(value)) return value.map(seconds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, seconds(inner)]));
}
