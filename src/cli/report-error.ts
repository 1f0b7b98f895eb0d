import { ConfigError } from '../config/settings.ts';

/** Prints what went wrong, without a stack where the user can mend it. Returns the exit code. */
export function reportError(error: unknown): number {
  if (error instanceof ConfigError || (error instanceof Error && error.name === 'ConfigurationError')) {
    for (const line of error.message.split('\n')) console.error(`burstlet: ${line}`);
    return 2;
  }
  if (process.env.BURSTLET_DEBUG) console.error(error);
  else console.error(`burstlet: ${error instanceof Error ? error.message : String(error)}`);
  return 1;
}
