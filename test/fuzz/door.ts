/**
 * Feeds the stream routes of the node API with broken HTTP and WebSocket: `node test/fuzz/door.ts --minutes 10`.
 * A failure names its seed; `--seed N --cases 1` runs that case alone, as far as the network lets it be the same.
 */
import { ScriptedProvider } from '../../src/kubelet/streaming/testing/scripted-provider.ts';
import { startStreamServer } from '../../src/kubelet/streaming/testing/stream-server.ts';
import { doorCase } from './door-case.ts';
import { SeededRandom } from './random.ts';
import { runCases } from './run-cases.ts';

const scripted = new ScriptedProvider();
const server = await startStreamServer({ provider: scripted.provider() });
await runCases(async (seed) => {
  scripted.calls.length = 0;
  return doorCase(new SeededRandom(seed), server, () => scripted.calls);
});
await server.close();
