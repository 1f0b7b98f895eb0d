import type { Invalid, Missing, Warning } from './references.ts';

/** What came up while one Pod was resolved. All of it is collected, so that all that is missing can be watched at once. */
export class Issues {
  readonly missing: Missing[] = [];
  readonly invalid: Invalid[] = [];
  readonly warnings: Warning[] = [];

  addInvalid(field: string, message: string): void {
    this.invalid.push({ reason: 'InvalidPodSpec', field, message });
  }

  addWarning(reason: string, message: string): void {
    this.warnings.push({ reason, message });
  }
}
