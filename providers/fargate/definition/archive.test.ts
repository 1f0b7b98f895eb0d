import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { FileSpec } from '../../contract/index.ts';
import { archiveOf } from './archive.ts';

const files: readonly FileSpec[] = [
  { path: 'token', content: Buffer.from('abc'), mode: 0o600, secret: true },
  { path: 'etc/deep/app.conf', content: Buffer.alloc(1500, 'x'), mode: 0o644, secret: false },
  { path: 'empty', content: Buffer.alloc(0), mode: 0o755, secret: false },
];

test('tar unpacks it with its modes', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'burstlet-archive-'));
  try {
    execFileSync('tar', ['-xzpf', '-', '-C', folder], { input: archiveOf(files) });
    for (const { path: name, content, mode } of files) {
      const file = path.join(folder, name);
      expect(readFileSync(file).equals(content)).toBe(true);
      expect(statSync(file).mode & 0o777).toBe(mode);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the same files give the same bytes', () => {
  expect(archiveOf(files).equals(archiveOf(files))).toBe(true);
});
