/** Small pieces of cells, worded as upstream's printers do. */
import type { Container } from '../../kube/types.ts';

export const none = '<none>';
export const unset = '<unset>';
export const unknown = '<unknown>';

export function orNone(text: string | undefined): string {
  return text === undefined || text === '' ? none : text;
}

export function joined(texts: readonly string[] | undefined): string {
  return orNone(texts?.join(','));
}

/** `a=1,b=2`, sorted. */
export function labels(set: Readonly<Record<string, string>> | undefined): string {
  return joined(
    Object.entries(set ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .sort(),
  );
}

interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

/** `app=web,tier in (a,b),!legacy` */
export function labelSelector(selector: LabelSelector | undefined): string {
  const equalities = Object.entries(selector?.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector?.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    const set = `(${[...values].sort().join(',')})`;
    if (operator === 'In') return `${key} in ${set}`;
    if (operator === 'NotIn') return `${key} notin ${set}`;
    return operator === 'DoesNotExist' ? `!${key}` : key;
  });
  return joined([...equalities, ...expressions].sort());
}

type Images = readonly Pick<Container, 'name' | 'image'>[] | undefined;

/** The cells Containers and Images. */
export function containerCells(containers: Images): [string, string] {
  const all = containers ?? [];
  return [all.map(({ name }) => name).join(','), all.map(({ image = '' }) => image).join(',')];
}

/** The first three, and how many more there are. */
export function firstThree(texts: readonly string[]): string {
  const shown = texts.slice(0, 3).join(',');
  return texts.length > 3 ? `${shown} + ${texts.length - 3} more...` : shown;
}
