import type { ProviderErrorKind } from '../contract/errors.ts';
import type { ContainerRecord, StateRecord } from './records.ts';

/**
 * What runtime and shim say to each other: JSON lines over the shim's socket (exec and attach: session-protocol.ts). Environment values travel here and only
 * here, so that none is ever on a disk or a command line. The shim greets with its state and sends it anew after
 * every change; a state that a call brought about is sent before that call is answered.
 */
export interface Methods {
  start: { params: StartParams; result: ContainerRecord };
  stop: { params: { containerId: string; gracePeriodSeconds: number }; result: null };
  remove: { params: { containerId: string }; result: null };
  /** Where processes of the sandbox listen on a port: addresses to connect to, the best first. */
  listeners: { params: { port: number }; result: readonly string[] };
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
  /** With `stdin`: it ends with the first session that had it. */
  readonly stdinOnce: boolean;
  readonly tty: boolean;
}

export type ClientMessage = {
  [M in Method]: { readonly id: number; readonly method: M; readonly params: Methods[M]['params'] };
}[Method];

export type ShimMessage =
  | { readonly state: StateRecord }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: { readonly kind: ProviderErrorKind; readonly message: string } };

/** Linux takes about 2 MB of arguments and environment; the rest is room for escapes. */
export const maxLineBytes = 8 * 1024 * 1024;

export function encode(message: ClientMessage | ShimMessage): string {
  return `${JSON.stringify(message)}\n`;
}
