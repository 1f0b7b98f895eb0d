/** The way to a field of an object: keys and list indices. */
export type FieldPath = readonly (string | number)[];

/** `spec.containers[0].resources.limits[nvidia.com/gpu]` taken apart. */
export function parseFieldPath(text: string): FieldPath {
  return [...text.matchAll(/\[([^\]]*)\]|([^.[\]]+)/g)].map(([, inBrackets, key]) =>
    inBrackets !== undefined && /^\d+$/.test(inBrackets) ? Number(inBrackets) : (inBrackets ?? key ?? ''),
  );
}
