import { existsSync } from 'node:fs';
import { registerHooks } from 'node:module';

/** Where the contract lies beside this file: in the source, and in both layouts of the bundle. */
const places = ['../../../providers/contract/index.ts', '../contract.js', './contract.js'];

/**
 * From now on `burstlet/contract` is found by modules that have no package of that name installed: they get the copy
 * that runs, so a provider may be a single file anywhere. Whoever has the package keeps it. Returns the way to end it.
 */
export function lendContract(): () => void {
  const copy = places.map((place) => new URL(place, import.meta.url)).find((url) => existsSync(url));
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      try {
        return next(specifier, context);
      } catch (error) {
        if (specifier !== 'burstlet/contract' || copy === undefined) throw error;
        return { url: copy.href, shortCircuit: true };
      }
    },
  });
  return () => hooks.deregister();
}
