export interface Example {
  /** What it is good for, in a few words. */
  readonly what: string;
  readonly command: string;
}

/** The end of a command's help. */
export function examples(...list: readonly Example[]): string {
  return `\nExamples:\n${list.map(({ what, command }) => `  # ${what}\n  ${command}`).join('\n\n')}`;
}
