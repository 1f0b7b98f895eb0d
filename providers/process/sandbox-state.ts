import type { RuntimeContainer, SandboxState } from '../contract/runtime.ts';
import type { ProcessTable } from './process-table.ts';
import { isAlive } from './process-table.ts';
import type { ContainerRecord, SandboxRecord, StateRecord } from './records.ts';
import { unknownExit } from './records.ts';

/** What others see of a sandbox. */
export function toSandboxState(record: SandboxRecord, state: StateRecord): SandboxState {
  return {
    id: record.id,
    owner: record.owner,
    createdAt: record.createdAt,
    ips: state.ips,
    containers: state.containers.map(toContainer).filter((container) => container !== undefined),
  };
}

/** Undefined while it is not certain that it was started. A run that has ended counts as running until its log is complete. */
export function toContainer(record: ContainerRecord): RuntimeContainer | undefined {
  const { id, name, run, image, startedAt, exit } = record;
  if (record.process === undefined && exit === undefined) return undefined;
  const container = { id, name, run, image, imageId: '' };
  if (exit === undefined || !record.settled) return { ...container, state: { kind: 'running', startedAt } };
  return {
    ...container,
    state: { kind: 'exited', result: { kind: 'terminated', ...exit, startedAt, containerId: id } },
  };
}

/** Corrects what a shim has left behind that is no more: it could not note how the processes ended. */
export function withoutShim(state: StateRecord, table: ProcessTable, now: string): StateRecord {
  return {
    ...state,
    containers: state.containers.map((record) => {
      if (record.exit !== undefined) return { ...record, settled: true };
      if (record.process === undefined || isAlive(table, record.process)) return record;
      return { ...record, exit: unknownExit(now), settled: true };
    }),
  };
}
