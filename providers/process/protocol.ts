import type { ProviderErrorKind } from '../contract/errors.ts';
import type { ContainerRecord, StateRecord } from './records.ts';

/**
 * What runtime and shim say to each other: JSON lines over the shim's socket. Environment values travel here and only
 * here, so that none is ever on a disk or a command line. The shim greets with its state and sends it anew after
 * every change; a state that a call brought about is sent before that call is answered.
 */
export interface Methods {
  start: { params: StartParams; result: ContainerRecord };
  stop: { params: { containerId: string; gracePeriodSeconds: number }; result: null };
  remove: { params: { containerId: string }; result: null };
  exec: { params: ExecParams; result: ExecAnswer };
}

export type Method = keyof Methods;

export interface StartParams {
  readonly name: string;
  readonly run: number;
  readonly image: string;
  /** Command and arguments; empty = there is no command. */
  readonly argv: readonly string[];
  /** '' = a fresh folder of the run. */
  readonly workingDir: string;
  readonly env: readonly (readonly [name: string, value: string])[];
  readonly stdin: boolean;
}

export interface ExecParams {
  readonly containerId: string;
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  readonly maxOutputBytes: number;
}

export interface ExecAnswer {
  readonly exitCode: number;
  /** Base64. */
  readonly output: string;
  readonly timedOut: boolean;
}

/** `cancel` names an earlier exec that nobody waits for any more. */
export type ClientMessage =
  | {
      [M in Method]: { readonly id: number; readonly method: M; readonly params: Methods[M]['params'] };
    }[Method]
  | { readonly cancel: number };

export type ShimMessage =
  | { readonly state: StateRecord }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly kind: ProviderErrorKind; readonly message: string } };

/** Linux takes about 2 MB of arguments and environment; the rest is room for escapes. */
export const maxLineBytes = 8 * 1024 * 1024;

/** What an exec may return at most, so that its Base64 fits a line. */
export const maxExecOutputBytes = 4 * 1024 * 1024;

export function encode(message: ClientMessage | ShimMessage): string {
  return `${JSON.stringify(message)}\n`;
}
