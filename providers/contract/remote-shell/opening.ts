import { ProviderError } from '../errors.ts';
import { frameKinds } from './script.ts';
import { readyPattern } from './shell-command.ts';

/** Of what comes before the command is kept what makes an error clear. */
const longestText = 4096;
const longestQuote = 400;

export interface OpeningDeps {
  readonly frameMark: string;
  /** The shell waits for its script. */
  readonly onReady: () => void;
}

/**
 * What comes before the output of the command, and is none of it: a banner or an error of the platform, the shell that
 * says that it is there, and the script that says that the command begins.
 */
export class Opening {
  readonly #onReady: () => void;
  readonly #begin: string;
  readonly #missing: RegExp;
  #text = '';
  #stage: 'shell' | 'script' | 'over' = 'shell';

  constructor({ frameMark, onReady }: OpeningDeps) {
    this.#onReady = onReady;
    this.#begin = `${frameMark}${frameKinds.begin};`;
    this.#missing = new RegExp(`${frameMark}${frameKinds.missing}(\\w+);`);
  }

  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /** The output of the command in the chunk, once there is some. Throws when the command cannot be started here. */
  take(chunk: Buffer): Buffer | undefined {
    if (this.#stage === 'over') return chunk;
    this.#text = this.#text.slice(-longestText) + chunk.toString('latin1');
    if (this.#stage === 'shell') this.#awaitShell();
    const missing = this.#missing.exec(this.#text)?.[1];
    if (missing !== undefined) throw lacks(missing, 'exec works through a shell in the container');
    const at = this.#text.indexOf(this.#begin);
    if (at < 0) return undefined;
    this.#stage = 'over';
    return Buffer.from(this.#text.slice(at + this.#begin.length), 'latin1');
  }

  /** The session has ended. */
  cut(): ProviderError {
    if (this.#stage === 'shell')
      return new ProviderError(
        'Unsupported',
        `the shell did not start, through which exec works: the image needs /bin/sh${this.#quote()}`,
      );
    return new ProviderError('Retryable', `the session ended before the command was started${this.#quote()}`);
  }

  tooLate(): ProviderError {
    return new ProviderError('Retryable', `the shell in the container does not answer${this.#quote()}`);
  }

  #awaitShell(): void {
    const found = readyPattern.exec(this.#text);
    if (found === null) return;
    if (found[1] === 'stuck') throw lacks('stty', 'the platform runs every command on a terminal');
    this.#text = this.#text.slice(found.index + found[0].length);
    this.#stage = 'script';
    this.#onReady();
  }

  #quote(): string {
    const words = Buffer.from(this.#text, 'latin1')
      .toString()
      .replace(/[\p{Cc}\s]+/gu, ' ')
      .trim()
      .slice(-longestQuote);
    return words === '' ? '' : `; it was told: ${words}`;
  }
}

function lacks(tool: string, why: string): ProviderError {
  return new ProviderError(
    'Unsupported',
    `${why}, which needs ${tool}, and the image has none; use an image with coreutils or BusyBox`,
  );
}
