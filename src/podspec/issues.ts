import type { Invalid, Missing, Warning } from './references.ts';

/** Why something cannot be resolved. */
export type Problem =
  /** Not all there yet; the first of `missing` is what the containers wait for, all are worth watching. */
  | { readonly kind: 'missing'; readonly missing: readonly [Missing, ...Missing[]] }
  /** Never to be, whatever else comes. */
  | { readonly kind: 'invalid'; readonly invalid: readonly [Invalid, ...Invalid[]] };

/** What came up while one Pod was resolved. All of it is collected, so that all that is missing can be watched at once. */
export class Issues {
  readonly missing: Missing[] = [];
  readonly invalid: Invalid[] = [];
  readonly warnings: Warning[] = [];

  /** Undefined when nothing stands in the way. */
  get problem(): Problem | undefined {
    const [invalid, ...moreInvalid] = this.invalid;
    if (invalid !== undefined) return { kind: 'invalid', invalid: [invalid, ...moreInvalid] };
    const [missing, ...moreMissing] = this.missing;
    return missing === undefined ? undefined : { kind: 'missing', missing: [missing, ...moreMissing] };
  }

  addInvalid(field: string, message: string): void {
    this.invalid.push({ reason: 'InvalidPodSpec', field, message });
  }

  addWarning(reason: string, message: string): void {
    this.warnings.push({ reason, message });
  }
}
