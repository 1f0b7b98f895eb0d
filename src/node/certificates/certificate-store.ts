import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ServingCertificate } from '../serving-certificate.ts';

/** For one kind of certificate of one node, e.g. `kubelet-server`. */
export interface CertificateFiles {
  readonly folder: string;
  readonly prefix: string;
}

/**
 * A certificate with its key on disk, as a kubelet keeps them: each pair in a file of its own, and a link to the one
 * that holds. The link is switched in one step, so a reader gets the old pair or the new one. For the owner only.
 */
export class CertificateStore {
  readonly #files: CertificateFiles;

  constructor(files: CertificateFiles) {
    this.#files = files;
  }

  /** Of the pair that holds: a kubeconfig may name it for the certificate and for the key. */
  get currentFile(): string {
    return this.#file('current.pem');
  }

  get #pendingFile(): string {
    return this.#file('pending.key');
  }

  /** The pair that holds; undefined when there is none. */
  async current(): Promise<ServingCertificate | undefined> {
    const text = await readIfThere(this.currentFile);
    if (text === undefined) return undefined;
    const blocks = text.match(/-----BEGIN [^-]+-----[^-]+-----END [^-]+-----\n?/g) ?? [];
    const isKey = (block: string): boolean => block.includes('PRIVATE KEY');
    return {
      cert: blocks.filter((block) => !isKey(block)).join(''),
      key: blocks.filter(isKey).join(''),
    };
  }

  /** Puts a new pair in place of the current one, and takes the key out of waiting. */
  async put({ cert, key }: ServingCertificate, now: number): Promise<void> {
    await this.#makeFolder();
    const name = `${this.#files.prefix}-${new Date(now).toISOString().replaceAll(/[:.]/g, '-')}.pem`;
    await this.#write(this.#path(name), `${cert.trimEnd()}\n${key.trimEnd()}\n`);
    const link = `${this.currentFile}.new`;
    await rm(link, { force: true });
    await symlink(name, link);
    await rename(link, this.currentFile);
    await this.dropPendingKey();
    const kept = new Set([name, path.basename(this.currentFile)]);
    for (const other of await readdir(this.#files.folder))
      if (other.startsWith(`${this.#files.prefix}-`) && !kept.has(other))
        await rm(this.#path(other), { force: true });
  }

  /** The key of a request that is under way. */
  async pendingKey(): Promise<string | undefined> {
    return readIfThere(this.#pendingFile);
  }

  async keepPendingKey(pem: string): Promise<void> {
    await this.#makeFolder();
    await this.#write(this.#pendingFile, pem);
  }

  async dropPendingKey(): Promise<void> {
    await rm(this.#pendingFile, { force: true });
  }

  async #makeFolder(): Promise<void> {
    await mkdir(this.#files.folder, { recursive: true, mode: 0o700 });
  }

  /** Whole or not at all, and readable for nobody else at any moment. */
  async #write(file: string, text: string): Promise<void> {
    const whole = `${file}.tmp`;
    await rm(whole, { force: true });
    await writeFile(whole, text, { mode: 0o600, flag: 'wx', flush: true });
    await rename(whole, file);
  }

  #file(end: string): string {
    return this.#path(`${this.#files.prefix}-${end}`);
  }

  #path(name: string): string {
    return path.join(this.#files.folder, name);
  }
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
