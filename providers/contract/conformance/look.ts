import assert from 'node:assert/strict';
import type { ContainerObservation, Instance, TerminatedState } from '../instance.ts';

export function containerOf(instance: Instance, name: string): ContainerObservation {
  const container = instance.containers.find((one) => one.name === name);
  assert.ok(container, `instance ${instance.ref.id} shows no container ${name}`);
  return container;
}

/** How the container ended. */
export function exitOf(instance: Instance, name: string): TerminatedState {
  const { state } = containerOf(instance, name);
  assert.ok(state.kind === 'terminated', `container ${name} is ${state.kind}, not terminated`);
  return state;
}

/** ISO 8601 in UTC. */
export function assertTime(text: string, what: string): void {
  assert.match(text, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/, `${what} is not ISO 8601 in UTC: ${text}`);
}
