import { createOpenApi, type OpenApi } from '../../devcluster/openapi/index.ts';
import { type FieldPath, parseFieldPath } from '../manifests/field-path.ts';
import type { Manifest } from '../manifests/parse-manifests.ts';

/** Something that an API server would not even decode. */
export interface ShapeProblem {
  readonly field: FieldPath;
  readonly what: string;
}

export type ShapeCheck = (manifest: Manifest) => readonly ShapeProblem[];

/**
 * Finds fields that do not exist, values of a wrong type, and empty items: mostly slips of indentation. Undefined where
 * this installation does not have the models of the API.
 */
export function createShapeCheck(
  openApi: Pick<OpenApi, 'fieldProblems'> = createOpenApi(),
): ShapeCheck | undefined {
  try {
    openApi.fieldProblems('v1', 'Pod', {});
  } catch {
    return undefined;
  }
  return ({ object }) => {
    const { unknown, wrongType } = openApi.fieldProblems(object.apiVersion, object.kind, object);
    return [
      ...unknown.map((what) => ({ field: parseFieldPath(/"(.*)"/.exec(what)?.[1] ?? ''), what })),
      ...(wrongType === undefined ? [] : [wrongTypeProblem(wrongType)]),
      ...emptyItems(object, []),
    ];
  };
}

/** `json: cannot unmarshal number into Go struct field Container.spec.containers.image of type string` */
function wrongTypeProblem(message: string): ShapeProblem {
  const match = /cannot unmarshal (\S+) into Go struct field [^.]+\.(\S+) of type (\S+)/.exec(message);
  const [, found = '', field = '', wanted = ''] = match ?? [];
  if (match === null) return { field: [], what: message };
  return { field: parseFieldPath(field), what: `${field}: ${wanted} was expected, not ${found}` };
}

function emptyItems(value: unknown, at: FieldPath): ShapeProblem[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]): ShapeProblem[] => {
    const isItem = Array.isArray(value);
    const field = [...at, isItem ? Number(key) : key];
    if (isItem && inner === null) return [{ field, what: `${at.join('.')}: item ${key} is empty` }];
    return emptyItems(inner, field);
  });
}
