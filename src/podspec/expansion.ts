/**
 * Replaces `$(NAME)` by what `lookup` gives (third_party/forked/golang/expansion): a name that is not known stays as it
 * is written, `$$` is a single `$` and protects what follows.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (written, name: string | undefined) =>
    name === undefined ? '$' : (lookup(name) ?? written),
  );
}

/** The names that {@link expand} would look up. */
export function expandedNames(text: string): string[] {
  const names: string[] = [];
  expand(text, (name) => {
    names.push(name);
    return '';
  });
  return names;
}
