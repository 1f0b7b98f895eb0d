/** How long each stage of one group takes, in milliseconds. */
export interface Stages {
  /** From accepted to placed: not billed. */
  readonly schedulingMs: number;
  /** From placed to the start of the first container: image pull and mounts, billed. */
  readonly pendingMs: number;
  /** From the end of the last container of a deleted group to its disappearance: not billed. */
  readonly releasingMs: number;
  readonly restartingMs: number;
  readonly updatingMs: number;
}

/** Between two looks for an image. */
export const pullAgainMs = 10_000;
/** Between two looks at the price of the market, and from the notice to the end. */
export const marketPeriodMs = 5 * 60_000;
export const marketNoticeMs = 3 * 60_000;
