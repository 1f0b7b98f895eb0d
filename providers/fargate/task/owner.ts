import type { Task } from '@aws-sdk/client-ecs';
import type { Ownership } from '../../contract/index.ts';
import { ownershipFromTags, ownershipTags } from '../../contract/index.ts';

const variable = 'BURSTLET_OWNER';

/**
 * StopTask deletes the tags of a task (API_StopTask), but its overrides stay as long as the task is shown: whose it is
 * stands in both.
 */
export function ownerVariable(owner: Ownership): { readonly name: string; readonly value: string } {
  return { name: variable, value: JSON.stringify(ownershipTags(owner)) };
}

/** Undefined = not ours to touch. */
export function ownerOf({ tags = [], overrides }: Pick<Task, 'tags' | 'overrides'>): Ownership | undefined {
  const byTags = ownershipFromTags(Object.fromEntries(tags.map(({ key = '', value }) => [key, value])));
  return byTags ?? ownershipFromTags(written(overrides));
}

function written(overrides: Task['overrides']): Record<string, string> {
  for (const { environment = [] } of overrides?.containerOverrides ?? [])
    for (const { name, value } of environment) if (name === variable) return parsed(value);
  return {};
}

function parsed(text = ''): Record<string, string> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null) return {};
    return Object.fromEntries(Object.entries(value).filter(([, each]) => typeof each === 'string'));
  } catch {
    return {};
  }
}
