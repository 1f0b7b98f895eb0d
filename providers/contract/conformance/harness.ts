import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { InstanceSpec } from '../instance-spec.ts';
import type { InstanceProvider, ProviderLog, ProviderModule } from '../provider.ts';
import type { Ability } from './case.ts';
import type { Program } from './program.ts';

/** What the kit needs to know of a provider to put it through its cases. */
export interface ConformanceHarness {
  /** A place for instances, with nothing of an earlier case in it: a folder, an account, a part of one. One per case. */
  backend(): Promise<ConformanceBackend>;
  /**
   * Runs `/bin/sh` and `sleep`; for exec also `cat`, `head`, `tr`, `sha256sum` and `stty`; for port-forward `nc` of BusyBox, unless
   * `arrange` gives those programs another command. Default `busybox:1.36`.
   */
  readonly image?: string;
  /**
   * For providers that execute no shell, or not all of its programs: makes the containers of `spec` do what `programs`
   * (by container name) says. The default gives each container a shell command.
   */
  arrange?(spec: InstanceSpec, programs: Readonly<Record<string, Program>>): InstanceSpec;
  /** Optional abilities that the provider is known to lack. Their cases are skipped, and that they are absent is checked. */
  readonly lacks?: readonly Ability[];
  /** Cases to leave out, by name, each with the reason. */
  readonly skip?: Readonly<Record<string, string>>;
  /** Seconds that this provider may take. */
  readonly patience?: Partial<Patience>;
}

export interface ConformanceBackend {
  /**
   * A provider, as a daemon makes one when it starts. The kit closes the one before it gets the next: that is a
   * restart, and whatever ran before must be found again.
   */
  connect(log: ProviderLog): Promise<InstanceProvider>;
  /** What still exists at the backend, one line each: processes, containers, folders. Asked after all was deleted. */
  leftovers?(): Promise<readonly string[]>;
  /** Everything a stranger could read there: tags, titles, names. The kit looks for secrets in it. */
  exposed?(): Promise<string>;
  close?(): Promise<void>;
}

export interface Patience {
  /** From create to running. Default 30. */
  readonly start: number;
  /** From the moment a container should have ended to the moment that is seen. Default 15. */
  readonly end: number;
  /** For a call to settle, and for an observer to end after its signal. Default 10. */
  readonly call: number;
}

export const defaultPatience: Patience = { start: 30, end: 15, call: 10 };

/** A harness for a provider module as `burstlet run --provider` loads it: a state folder per case, the given options. */
export function moduleHarness(
  module: ProviderModule,
  settings: { readonly options?: Readonly<Record<string, unknown>> } & Omit<
    ConformanceHarness,
    'backend'
  > = {},
): ConformanceHarness {
  const { options = {}, ...rest } = settings;
  return {
    ...rest,
    async backend() {
      const stateDir = await mkdtemp(path.join(tmpdir(), 'burstlet-conformance-'));
      return {
        connect: async (log) => module.createProvider({ options, log, stateDir }),
        close: () => rm(stateDir, { recursive: true, force: true }),
      };
    },
  };
}
