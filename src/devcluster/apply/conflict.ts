import { ApiError } from '../store/api-error.ts';
import { type FieldSet, memberPaths } from './field-set.ts';
import type { ManagedFieldsEntry } from './managed-fields.ts';

export interface Conflict {
  readonly entry: ManagedFieldsEntry;
  readonly fields: FieldSet;
}

/** The wording is upstream's (apimachinery, managedfields/internal/conflict.go): kubectl's users search for it. */
export function conflictError(conflicts: readonly Conflict[]): ApiError {
  const all = conflicts.flatMap(({ entry, fields }) =>
    memberPaths(fields).map((path) => ({ owner: describe(entry), path })),
  );
  const causes = all.map(({ owner, path }) => ({
    reason: 'FieldManagerConflict',
    message: `conflict with ${owner}`,
    field: path,
  }));
  return new ApiError(409, 'Conflict', messageOf(all), { causes });
}

function messageOf(all: readonly { readonly owner: string; readonly path: string }[]): string {
  const [first] = all;
  if (all.length === 1 && first !== undefined)
    return `Apply failed with 1 conflict: conflict with ${first.owner}: ${first.path}`;
  const byOwner = Map.groupBy(all, ({ owner }) => owner);
  const parts = [...byOwner]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([owner, mine]) => `conflicts with ${owner}:\n${mine.map(({ path }) => `- ${path}`).join('\n')}`);
  return `Apply failed with ${all.length} conflicts: ${parts.join('\n')}`;
}

function describe(entry: ManagedFieldsEntry): string {
  const manager = JSON.stringify(entry.manager);
  const owner = entry.subresource
    ? `${manager} with subresource ${JSON.stringify(entry.subresource)}`
    : manager;
  return entry.operation === 'Update' ? `${owner} using ${entry.apiVersion}` : owner;
}
