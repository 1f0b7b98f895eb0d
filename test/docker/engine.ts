import { wallClock } from '../../providers/contract/index.ts';
import { EngineConnection } from '../../providers/docker/engine/connection.ts';
import { resolveEndpoint } from '../../providers/docker/engine/endpoint.ts';
import { Engine } from '../../providers/docker/engine/engine.ts';
import { ensureBusybox } from './image.ts';

/** A connection to an engine, with the image of the tests in it; a text that says why there is none. Default: that of DOCKER_HOST. */
export async function testEngine(host = process.env.DOCKER_HOST): Promise<Engine | string> {
  if (!host) return 'DOCKER_HOST is not set; run node test/docker/run.ts';
  const endpoint = resolveEndpoint(host, process.env);
  const engine = new Engine(new EngineConnection({ endpoint, clock: wallClock, random: Math.random }));
  try {
    await ensureBusybox(engine);
    return engine;
  } catch (error) {
    await engine.close();
    return `no engine at ${endpoint.name}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
