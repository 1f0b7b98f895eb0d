/**
 * The shim: one small process per sandbox, which outlives the daemon. It starts the containers, takes down their
 * output and how they end, and does what the runtime asks over a socket in its folder, which is its working directory.
 * It ends when it is killed with its sandbox, or by itself once the folder is gone.
 */
import { closeSync, writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { wallClock } from '../../contract/clock.ts';
import { claimSandbox } from '../claim.ts';
import { sandboxFile, sessionSocketFile, socketFile, stateFile } from '../layout.ts';
import type { ProcessTable } from '../process-table.ts';
import { createProcessTable } from '../process-table.ts';
import type { SandboxRecord, StateRecord } from '../records.ts';
import { emptyState, readRecord } from '../records.ts';
import { claimAddress, reclaimAddress } from './address.ts';
import { watchFolder } from './folder-watch.ts';
import { closeInheritedFiles } from './inherited-files.ts';
import { ShimServer } from './server.ts';
import { endLostSessions, SessionServer } from './session-server.ts';
import { Supervisor } from './supervisor.ts';

/** The runtime waits for a byte on this descriptor. */
const readyFile = 3;

async function main(): Promise<void> {
  closeInheritedFiles([readyFile]);
  const folder = process.cwd();
  const table = createProcessTable();
  const sandbox = readRecord<SandboxRecord>(sandboxFile);
  if (sandbox === undefined) throw new Error(`${folder} holds no sandbox`);
  const claim = claimSandbox(folder, table);
  if (claim === undefined) return process.exit(0);
  process.title = `burstlet-shim ${sandbox.owner.namespace}/${sandbox.owner.name}`;

  const server = new ShimServer();
  const supervisor = await supervise(folder, sandbox, table, server);
  if (claim.generation > 0) await endLostSessions(folder, sandbox.mark, table);
  const sessions = new SessionServer({ folder, supervisor, table, clock: wallClock });
  await sessions.listen(sessionSocketFile(claim.generation));
  await server.listen(socketFile(claim.generation), supervisor);
  outliveSignals(supervisor);
  watchFolder(folder, sandbox, table, wallClock, () => process.exit(0));
  tellReady();
  flushCompileCache();
}

async function supervise(
  folder: string,
  sandbox: SandboxRecord,
  table: ProcessTable,
  server: ShimServer,
): Promise<Supervisor> {
  const previous = readRecord<StateRecord>(stateFile) ?? emptyState;
  const [address = await claimAddress(Math.random)] = previous.ips;
  if (previous.ips.length > 0 && !(await reclaimAddress(address)))
    console.error(`${address} was given to another sandbox while this one had no shim`);
  const publish = (state: StateRecord): void => server.publish(state);
  return new Supervisor({ folder, sandbox, ip: address, table, clock: wallClock, publish }, previous);
}

/** A terminal that closes or a careless kill must not cost exit codes; at shutdown the shim leaves after its containers. */
function outliveSignals(supervisor: Supervisor): void {
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('SIGTERM', () => {
    const look = (): void => (supervisor.isIdle ? process.exit(0) : void setTimeout(look, 100));
    look();
  });
  // An error that nobody foresaw must not cost them either.
  process.on('uncaughtException', (error) => console.error(error));
}

function tellReady(): void {
  try {
    writeSync(readyFile, '.');
    closeSync(readyFile);
  } catch {
    // The runtime is gone; the next one finds the socket.
  }
}

await main();
