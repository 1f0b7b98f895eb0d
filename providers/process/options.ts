import { object, readOptions, whole } from '../contract/index.ts';
import type { ProcessLimits } from './runtime.ts';

/** `provider.options` (docs/reference/process-provider.md). Defaults as the kubelet's maxPods and containerLogMax*. */
const processOptions = object({
  instances: whole(1).or(110),
  logMaxBytes: whole(1).or(10 * 1024 * 1024),
  /** The kubelet too wants two: with one, rotation would lose what was written last. */
  logMaxFiles: whole(2).or(5),
});

/** Throws InvalidSpec that names every fault. */
export function readProcessOptions(options: unknown): ProcessLimits {
  return readOptions(processOptions, options);
}
