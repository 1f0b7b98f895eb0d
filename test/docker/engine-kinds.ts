import { Dockerd, whyNoDockerd } from './dockerd.ts';
import { Podman, whyNoPodman } from './podman.ts';

/** An engine that a suite may stop and start. */
export interface RunningEngine {
  readonly host: string;
  /** Ends the engine itself. */
  stop(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Starts it again and waits until it answers. */
  resume(): Promise<void>;
  /** With all that it has. */
  end(): Promise<void>;
}

/** What suites need that not every engine has. */
export type Feature =
  /** A restart of the engine ends its containers. */
  | 'ends-with-its-containers'
  /** Says that memory was why a container ended. */
  | 'tells-of-oom'
  /** Its logs tell fractions of seconds. */
  | 'exact-log-times'
  /** Ends the connection to a command that has ended and has left input unread. */
  | 'ends-with-unread-input'
  /** A command that was given up while it was being started can be found, and so be killed. */
  | 'starts-no-abandoned-command'
  /** Its statistics tell resident memory, and interfaces by their names. */
  | 'whole-stats'
  /** Keeps the input of a process open when a session that gave some has ended. */
  | 'keeps-input-open'
  /** Never takes a process that has just ended for one that runs. */
  | 'refuses-late-sessions'
  /** Listens on a port with TLS. */
  | 'tls';

/** A kind of engine that the suites can be run on. */
export interface EngineKind {
  /** Undefined when this machine can start one. */
  readonly whyNone: () => string | undefined;
  readonly start: () => Promise<RunningEngine>;
  /** What it has not, and why not. */
  readonly lacks: Readonly<Partial<Record<Feature, string>>>;
}

const engineKinds: Readonly<Record<string, EngineKind>> = {
  dockerd: { whyNone: whyNoDockerd, start: () => Dockerd.start(), lacks: {} },
  podman: {
    whyNone: whyNoPodman,
    start: () => Podman.start(),
    lacks: {
      'ends-with-its-containers': 'containers of Podman do not depend on its service',
      'tells-of-oom': 'Podman 4.3 looks for the note of its monitor in another folder',
      'exact-log-times': 'the log of Podman 4.3 has whole seconds',
      'ends-with-unread-input': 'Podman 4.3 leaves the connection open until all input is read',
      'keeps-input-open': 'Podman 4.3 gives a process the end of the input of any session',
      'refuses-late-sessions':
        'with Podman 4.3 a session with a process that has just ended may end without an error',
      'starts-no-abandoned-command': 'a command that is given up while Podman 4.3 starts it may run on',
      'whole-stats': 'the statistics of Podman 4.3 have neither resident memory nor names of interfaces',
      tls: 'the service of Podman 4.3 has no TLS',
    },
  },
};

/** Of the variable BURSTLET_TEST_ENGINE, which `run.ts --engine` sets; default dockerd. Throws where there is none of that name. */
export function engineKind(name = process.env.BURSTLET_TEST_ENGINE ?? 'dockerd'): EngineKind {
  const kind = engineKinds[name];
  if (kind !== undefined) return kind;
  throw new Error(`--engine ${name}: there are only ${Object.keys(engineKinds).join(' and ')}`);
}

/** For what is said in other words there. */
export const isPodman = process.env.BURSTLET_TEST_ENGINE === 'podman';

/** True, with a word about the reason, when the engine under test cannot do what a test needs. */
export function isLacking(feature: Feature): boolean {
  const reason = engineKind().lacks[feature];
  if (reason !== undefined) console.warn(`skipped: ${reason}`);
  return reason !== undefined;
}
