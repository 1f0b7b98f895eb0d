import { MemoryStore } from '../../src/devcluster/store/memory-store.ts';
import { PodController, type PodControllerDeps } from '../../src/pods/pod-controller.ts';
import type { Clock } from '../../src/telemetry/clock.ts';
import { silentLog } from '../../src/telemetry/log.ts';
import { ApiWeather } from './api-weather.ts';
import { plainSpecs } from './spec-source.ts';
import { StoreServer } from './store-server.ts';

/** An API server without Pods, in good weather. */
export function emptyCluster(clock: Clock, random: () => number): StoreServer {
  const store = new MemoryStore({ clock, log: silentLog, random });
  store.create('namespaces', { metadata: { name: 'default' } });
  return new StoreServer({ store, clock, weather: new ApiWeather({ random }) });
}

type Wired = 'clock' | 'random' | 'client' | 'provider' | 'scope';

/** The node's side of Pods that refer to nothing: it admits all of them and tells nobody anything, unless `deps` says otherwise. */
export function plainController(
  deps: Pick<PodControllerDeps, Wired> & Partial<PodControllerDeps>,
): PodController {
  return new PodController({
    log: silentLog,
    hostIp: () => '192.0.2.1',
    admission: { refusal: () => undefined, ephemeralRefusal: () => undefined },
    specs: plainSpecs,
    events: () => undefined,
    onHealth: () => undefined,
    ...deps,
  });
}
