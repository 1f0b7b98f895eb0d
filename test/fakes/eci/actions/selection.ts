import type { FakeEciCloud } from '../cloud.ts';
import type { ContainerGroup } from '../group/group.ts';
import { invalidParameter } from '../request/api-error.ts';
import type { Parameters } from '../request/parameters.ts';
import { readTags } from '../request/read-group-spec.ts';

export const maxIds = 20;

/** The groups that the filters of a listing leave, oldest first. */
export function selected(cloud: FakeEciCloud, parameters: Parameters): ContainerGroup[] {
  const ids = parameters.jsonTexts('ContainerGroupIds', maxIds);
  const tags = [...readTags(parameters)];
  const vSwitch = parameters.text('VSwitchId');
  const zone = parameters.text('ZoneId');
  const since = parameters.integer('SinceSecond', 0);
  const from = since === undefined ? Number.NEGATIVE_INFINITY : cloud.now() - since * 1000;
  const candidates =
    ids === undefined ? cloud.present() : [...new Set(ids)].flatMap((id) => cloud.find(id) ?? []);
  return candidates.filter((group) => {
    const { placement, spec, changedAt } = group;
    const placed = 'zone' in placement ? placement : undefined;
    return (
      changedAt >= from &&
      tags.every(([key, value]) => spec.tags.has(key) && (value === '' || spec.tags.get(key) === value)) &&
      (vSwitch === undefined || placed?.vSwitch === vSwitch) &&
      (zone === undefined || placed?.zone === zone)
    );
  });
}

export interface Page {
  readonly groups: readonly ContainerGroup[];
  /** Empty on the last page. A page may hold fewer than its limit, and yet not be the last. */
  readonly nextToken: string;
}

/** One page. The token names the last group of the page before, so that pages stay whole while groups come and go. */
export function page(
  cloud: FakeEciCloud,
  parameters: Parameters,
  groups: readonly ContainerGroup[],
  limit: number,
): Page {
  const after = readToken(parameters.text('NextToken'));
  const rest = after === undefined ? groups : groups.filter(({ id }) => id > after);
  const size = Math.max(1, Math.floor(limit * cloud.pageFill));
  const shown = rest.slice(0, size);
  const last = shown.at(-1);
  const more = rest.length > shown.length && last !== undefined;
  return { groups: shown, nextToken: more ? Buffer.from(last.id).toString('base64url') : '' };
}

function readToken(token: string | undefined): string | undefined {
  if (token === undefined) return undefined;
  const id = Buffer.from(token, 'base64url').toString();
  if (!id.startsWith('eci-')) throw invalidParameter('NextToken', 'it is not one that was given out');
  return id;
}
