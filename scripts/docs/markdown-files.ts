import { globSync, readFileSync } from 'node:fs';

/** A page of the repository. */
export interface Page {
  /** Relative to the repository, with `/`. */
  readonly file: string;
  readonly text: string;
}

/** Something that is not as the page says. */
export interface Fault {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly what: string;
}

export interface Block {
  /** After the fence: `sh`, `yaml`, `json script`. */
  readonly info: string;
  /** Line of the page on which the text begins. */
  readonly line: number;
  readonly text: string;
}

const elsewhere = ['node_modules', 'dist', '.git'];

/** Every page of the repository that a person wrote or `npm run docs` will write. */
export function markdownFiles(): Page[] {
  return globSync('**/*.md', {
    exclude: (name) => elsewhere.some((folder) => name.split('/').includes(folder)),
  })
    .sort()
    .map((file) => ({ file, text: readFileSync(file, 'utf8') }));
}

/** The fenced blocks of a page. */
export function blocksOf(text: string): Block[] {
  return [...text.matchAll(/^```([^\n`]+)\n([\s\S]*?)^```$/gm)].map((match) => ({
    info: (match[1] ?? '').trim(),
    line: lineAt(text, match.index) + 1,
    text: match[2] ?? '',
  }));
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** The page with its code made blank: what looks like a link in there is none. Lines stay where they are. */
export function withoutCode(text: string): string {
  const blank = (code: string): string => code.replaceAll(/[^\n]/g, ' ');
  return text.replaceAll(/^```[\s\S]*?^```$/gm, blank).replaceAll(/`[^`\n]*`/g, blank);
}
