import fastJsonPatch, { type Operation } from 'fast-json-patch';
import { objectRule } from '../schema/list-keys.ts';
import { ApiError, badRequest } from '../store/api-error.ts';
import { isRecord, type Json } from '../store/json.ts';
import { mergePatch, strategicMerge } from './strategic-merge.ts';

export const applyPatchType = 'application/apply-patch+yaml';
const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  applyPatchType,
];
const maxOperations = 10_000;

/** The live object with the patch of the given media type applied; a new object, parts of it shared. */
export function patched(live: Json, patch: unknown, mediaType: string): Json {
  if (mediaType === 'application/json-patch+json') return jsonPatched(live, patch);
  if (!isRecord(patch)) throw badRequest('the patch must be a JSON object');
  if (mediaType === 'application/merge-patch+json') return mergePatch(live, patch) as Json;
  if (mediaType === 'application/strategic-merge-patch+json') {
    return strategicMerge(live, patch, objectRule(String(live.apiVersion), String(live.kind)));
  }
  throw unsupportedMediaType(mediaType, patchTypes);
}

export function unsupportedMediaType(given: string, supported: readonly string[]): ApiError {
  return new ApiError(
    415,
    'UnsupportedMediaType',
    `the body of the request was in an unknown format (${given || 'no content type'}) - accepted media types include: ${supported.join(', ')}`,
  );
}

function jsonPatched(live: Json, patch: unknown): Json {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be a list of operations');
  if (patch.length > maxOperations) {
    const why = `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`;
    throw new ApiError(413, 'RequestEntityTooLarge', why);
  }
  try {
    // The operations are checked by the library as it goes (validate = true).
    return fastJsonPatch.applyPatch(live, patch as Operation[], true, false).newDocument;
  } catch (error) {
    const why = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    const message = 'the server rejected our request due to an error in our request';
    throw new ApiError(422, 'Invalid', `${message}: ${why}`, {});
  }
}
