/** The indexes in a Job's completedIndexes: `0,2-4` is 0, 2, 3, 4. Parts that are none are left out. */
export function parseIndexes(text: string, below: number): Set<number> {
  const indexes = new Set<number>();
  for (const part of text.split(',').filter(Boolean)) {
    const [first, last = first] = part.split('-').map(Number);
    for (let index = first ?? 0; index <= Math.min(last ?? -1, below - 1); index++) indexes.add(index);
  }
  return indexes;
}

/** Runs of three or more are written with a dash, as upstream does. */
export function formatIndexes(indexes: ReadonlySet<number>): string {
  const parts: string[] = [];
  const sorted = [...indexes].sort((a, b) => a - b);
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1) end++;
    const run = sorted.slice(at, end + 1);
    parts.push(run.length > 2 ? `${run[0]}-${run.at(-1)}` : run.join(','));
    at = end + 1;
  }
  return parts.join(',');
}
