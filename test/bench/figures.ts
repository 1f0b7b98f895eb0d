/** Reading and summing up figures. Pure. */

/** The samples of one metric in Prometheus text, with their labels. */
export function samples(text: string, metric: string): { readonly labels: string; readonly value: number }[] {
  return text.split('\n').flatMap((line) => {
    const match = /^([a-zA-Z_:][\w:]*)(\{.*\})? ([^ ]+)$/.exec(line);
    return match?.[1] === metric ? [{ labels: match[2] ?? '', value: Number(match[3]) }] : [];
  });
}

export function sum(text: string, metric: string, matching: RegExp = /./): number {
  return samples(text, metric)
    .filter(({ labels }) => matching.test(labels || '{}'))
    .reduce((total, { value }) => total + value, 0);
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}

export function rounded(value: number, digits = 1): number {
  return Number(value.toFixed(digits));
}

/** The middle one; between the two in the middle where there are two. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}
