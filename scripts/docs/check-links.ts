import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { type Fault, lineAt, type Page, withoutCode } from './markdown-files.ts';

/** Relative links whose file is not there, or has no such heading. */
export function brokenLinks({ file, text }: Page): Fault[] {
  return [...withoutCode(text).matchAll(/\]\(([^()\s]+)\)/g)].flatMap((match) => {
    const target = match[1] ?? '';
    const what = /^[a-z]+:/.test(target) ? undefined : faultOf(file, text, target);
    return what === undefined ? [] : [{ file, line: lineAt(text, match.index), what }];
  });
}

function faultOf(file: string, text: string, target: string): string | undefined {
  const [to = '', anchor] = target.split('#');
  const found = to === '' ? file : path.join(path.dirname(file), to);
  if (to !== '' && !existsSync(found)) return `the link ${target} leads to no file`;
  if (anchor === undefined) return undefined;
  const page = to === '' ? text : readFileSync(found, 'utf8');
  return anchors(page).includes(anchor) ? undefined : `the link ${target} leads to no heading`;
}

/** Of headings, as GitHub makes them: a repeated one gets a number. */
export function anchors(text: string): string[] {
  const seen = new Map<string, number>();
  const fences = text.replaceAll(/^```[\s\S]*?^```$/gm, '');
  return [...fences.matchAll(/^#{1,6} +(.+)$/gm)].map(([, heading = '']) => {
    const plain = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    const before = seen.get(anchor) ?? 0;
    seen.set(anchor, before + 1);
    return before === 0 ? anchor : `${anchor}-${before}`;
  });
}
