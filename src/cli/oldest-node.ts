/** As in package.json, which no program reads before its imports are resolved. */
const oldest = { major: 22, minor: 19 };

/** What to tell the user of a Node.js that is too old for the program; undefined for one that will do. */
export function nodeTrouble(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major > oldest.major || (major === oldest.major && minor >= oldest.minor)) return undefined;
  return `burstlet needs Node.js >= ${oldest.major}.${oldest.minor}, this is v${version}`;
}
