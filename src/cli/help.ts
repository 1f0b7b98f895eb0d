export interface Example {
  /** What it is good for, in a few words. */
  readonly what: string;
  readonly command: string;
}

/** The end of a command's help. */
export function examples(...list: readonly Example[]): string {
  return `\nExamples:\n${list.map(({ what, command }) => `  # ${what}\n  ${command}`).join('\n\n')}`;
}

/** Paragraphs without the line breaks of the source, so that the help can fit them to the terminal. */
export function prose(text: string): string {
  return text.trim().replaceAll(/([^\n])\n(?!\n)/g, '$1 ');
}
