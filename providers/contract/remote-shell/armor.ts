import { ProviderError } from '../errors.ts';

/** Longer than what the shell makes of all that a pipe gives it at once. */
const longestGroup = 128 * 1024;

/**
 * Reads what the shell has wrapped into text, for platforms that take output for text: groups of base64, each with a
 * semicolon behind it.
 */
export class ArmorReader {
  #held = '';

  /** What has come in whole groups. */
  push(chunk: Buffer): Buffer[] {
    const groups = (this.#held + chunk.toString('latin1')).split(';');
    this.#held = groups.pop() ?? '';
    if (this.#held.length > longestGroup) throw disturbed(this.#held);
    return groups.map(decoded);
  }
}

function decoded(group: string): Buffer {
  if (!/^[\w+/=\s]*$/.test(group)) throw disturbed(group);
  return Buffer.from(group, 'base64');
}

function disturbed(text: string): ProviderError {
  const shown = JSON.stringify(text.replace(/[\p{Cc}\s]+/gu, ' ').slice(0, 200));
  return new ProviderError('Retryable', `something else wrote into the session of the command: ${shown}`);
}
