/** A source of numbers in [0, 1) that a seed determines (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Milliseconds: fixed, evenly spread between two, or log-normal by its median and 99th percentile. */
export type Latency =
  | number
  | { readonly min: number; readonly max: number }
  | { readonly median: number; readonly p99: number };

/** The 99th percentile of the standard normal distribution. */
const z99 = 2.3263;

/** Draws one. A fixed latency draws nothing, so that it does not shift the seeded sequence. */
export function drawMs(latency: Latency, random: () => number): number {
  if (typeof latency === 'number') return latency;
  if ('min' in latency) return Math.round(latency.min + random() * (latency.max - latency.min));
  if (latency.median === 0) return 0;
  const sigma = Math.log(latency.p99 / latency.median) / z99;
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.round(latency.median * Math.exp(sigma * normal));
}
