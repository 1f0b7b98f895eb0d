import { createHash, createHmac, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { OwnerScope, ProviderLog } from '../../contract/index.ts';

const fileName = 'secret-names.key';
const keyBytes = 32;

/** What the name of every stored secret of a node begins with. */
export function prefixOf({ clusterUid, node }: OwnerScope): string {
  const cluster = createHash('sha256').update(clusterUid).digest('hex').slice(0, 8);
  return `burstlet/${cluster}/${node}/`;
}

/**
 * Names stored secrets by their content, so that Pods with the same values share one. The hash has a key: names are in task
 * definitions and in lists, and from a plain hash of a short password the password could be guessed.
 */
export class SecretNames {
  readonly #key: Buffer;

  constructor(key: Buffer) {
    this.#key = key;
  }

  /** With the key of this folder, which is made when there is none. With another key the same values get other names, and what had the old ones goes when no task needs it. */
  static async open(stateDir: string, log: ProviderLog): Promise<SecretNames> {
    const file = path.join(stateDir, fileName);
    const known = Buffer.from(await readFile(file, 'utf8').catch(() => ''), 'hex');
    if (known.length === keyBytes) return new SecretNames(known);
    const key = randomBytes(keyBytes);
    try {
      await mkdir(stateDir, { recursive: true, mode: 0o700 });
      await writeFile(`${file}.new`, key.toString('hex'), { mode: 0o600, flush: true });
      await rename(`${file}.new`, file);
    } catch (error) {
      log.warn(
        { error: String(error) },
        'the key of secret names could not be kept; after a restart secrets are stored anew',
      );
    }
    return new SecretNames(key);
  }

  /** Both are of the text alone. */
  of(text: string, scope: OwnerScope): { readonly name: string; readonly version: string } {
    const hash = createHmac('sha256', this.#key).update(text).digest('hex');
    return { name: `${prefixOf(scope)}${hash.slice(0, 32)}`, version: hash.slice(32) };
  }
}
