import type { Stage } from './stage.ts';

/** What a provider may leave out. */
export const abilities = ['logs', 'stats', 'update', 'exec', 'attach', 'portForward'] as const;

export type Ability = (typeof abilities)[number];

/** One case of the kit, as its author writes it. */
export interface CaseDefinition {
  readonly name: string;
  /** The optional ability that it is about. */
  readonly needs?: Ability;
  /** Resolves with a reason when the provider's own table says that the case does not apply to it. */
  act(stage: Stage): Promise<string | undefined>;
}

/** One case, ready to run under any test runner. */
export interface ConformanceCase {
  readonly name: string;
  /** Why it is left out; absent = run it. */
  readonly skip?: string;
  /**
   * Rejects with an AssertionError that says what the provider did not do. Resolves with a reason when the case turned
   * out not to apply. Independent of all other cases: they may run at the same time.
   */
  run(): Promise<string | undefined>;
}
