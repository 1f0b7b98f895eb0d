/** The logger that every room is handed: fields first, then one fixed sentence. Secrets never go into fields. */
export interface Log {
  debug(fields: Readonly<Record<string, unknown>>, message: string): void;
  info(fields: Readonly<Record<string, unknown>>, message: string): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
  error(fields: Readonly<Record<string, unknown>>, message: string): void;
}

/** Says nothing. For tests and for library use. */
export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
