import type { Clock } from '../../telemetry/clock.ts';
import type { Fetcher } from './fetcher.ts';
import type { Answer, Question } from './observed.ts';

const againMs = 500;

export interface AskerDeps {
  readonly clock: Clock;
  readonly fetcher: Pick<Fetcher, 'fetch'>;
  /** There is a new answer, or it is time to ask anew. */
  readonly onChange: () => void;
}

/** Gets answers. What is still asked after an answer is asked again, twice a second. */
export class Asker {
  readonly #deps: AskerDeps;
  readonly #answers = new Map<string, Answer>();
  /** Keys of questions that are being asked, or were a moment ago. */
  readonly #resting = new Set<string>();

  constructor(deps: AskerDeps) {
    this.#deps = deps;
  }

  get answers(): ReadonlyMap<string, Answer> {
    return this.#answers;
  }

  ask(questions: readonly Question[], signal: AbortSignal): void {
    for (const question of questions) if (!this.#resting.has(question.key)) void this.#ask(question, signal);
  }

  async #ask(question: Question, signal: AbortSignal): Promise<void> {
    const { clock, fetcher, onChange } = this.#deps;
    this.#resting.add(question.key);
    const answer = await fetcher.fetch(question, signal);
    if (signal.aborted) return;
    this.#answers.set(question.key, answer);
    onChange();
    clock.schedule(againMs, () => {
      this.#resting.delete(question.key);
      if (!signal.aborted) onChange();
    });
  }
}
