/** Milliseconds that a task spends in the stages that pass by themselves. */
export interface Stages {
  /** Finding a place, attaching the network interface. */
  readonly provisioning: number;
  /** Of PENDING: from `pullStartedAt` to `pullStoppedAt`. */
  readonly pulling: number;
  readonly activating: number;
  readonly deactivating: number;
  readonly deprovisioning: number;
  /** How long a stopped task can still be described. */
  readonly retention: number;
}

/** Quick, but every stage can be seen. A real task takes half a minute. */
export const briskStages: Stages = {
  provisioning: 200,
  pulling: 200,
  activating: 50,
  deactivating: 50,
  deprovisioning: 100,
  retention: 3_600_000,
};
