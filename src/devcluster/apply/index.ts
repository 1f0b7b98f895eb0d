/** Field ownership: server-side apply, and the bookkeeping for every other write. Pure; objects in, objects out. */
export { type ApplyRequest, applyPatch } from './apply-patch.ts';
export { trackUpdate } from './track-update.ts';
