import { allowances } from './allowed.ts';
import type { Difference } from './compare.ts';

export type Verdict = 'equal' | 'allowed' | 'DIFFERENT';

export interface Result {
  readonly theme: string;
  readonly name: string;
  readonly differences: readonly Difference[];
}

const everywhere = new Set<string | undefined>(
  allowances.filter((one) => one.everywhere).map(({ key }) => key),
);

export function verdictOf({ differences }: Result): Verdict {
  if (differences.some(({ allowed }) => allowed === undefined)) return 'DIFFERENT';
  return differences.some(({ allowed }) => !everywhere.has(allowed)) ? 'allowed' : 'equal';
}

/** Of the allowances that were needed, without those of every Pod. */
export function keysOf(results: readonly Result[]): string[] {
  const keys = results.flatMap(({ differences }) => differences.flatMap(({ allowed }) => allowed ?? []));
  return [...new Set(keys)].filter((key) => !everywhere.has(key)).toSorted();
}

/** The line of a case, and below it what is not allowed. */
export function linesOf(result: Result): string[] {
  const note = keysOf([result]).join(', ');
  return [
    `${verdictOf(result).padEnd(9)} ${result.name}${note === '' ? '' : ` (${note})`}`,
    ...result.differences
      .filter(({ allowed }) => allowed === undefined)
      .map(
        ({ where, kubelet, burstlet }) =>
          `    ${where}\n        kubelet:  ${show(kubelet)}\n        burstlet: ${show(burstlet)}`,
      ),
  ];
}

export function summaryOf(results: readonly Result[]): string {
  const count = (verdict: Verdict): number => results.filter((one) => verdictOf(one) === verdict).length;
  return `${count('equal')} equal, ${count('allowed')} with allowed differences, ${count('DIFFERENT')} different`;
}

function show(text: string): string {
  return text === '' ? '-' : JSON.stringify(text);
}
