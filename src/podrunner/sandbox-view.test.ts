import { describe, expect, it } from 'vitest';
import type { RuntimeContainer, SandboxState } from '../../providers/contract/index.ts';
import { SandboxView } from './sandbox-view.ts';
import { podSpec } from './testing/specs.ts';

const running: RuntimeContainer = {
  id: 'c0',
  name: 'app',
  run: 0,
  image: 'i',
  imageId: '',
  state: { kind: 'running', startedAt: '2026-01-01T00:00:00.000Z' },
};
const exited: RuntimeContainer = {
  ...running,
  state: {
    kind: 'exited',
    result: {
      kind: 'terminated',
      exitCode: 0,
      reason: 'Completed',
      message: '',
      startedAt: '2026-01-01T00:00:00.000Z',
      finishedAt: '2026-01-01T00:00:01.000Z',
      containerId: 'c0',
    },
  },
};

function snapshot(...containers: RuntimeContainer[]): SandboxState {
  return { id: 's', owner: podSpec().owner, createdAt: '2026-01-01T00:00:00.000Z', ips: [], containers };
}

describe('SandboxView', () => {
  it('keeps a run that was just started when an older snapshot lacks it', () => {
    const view = new SandboxView(snapshot());
    view.started(running);
    view.apply(snapshot(), 0);
    expect(view.state.containers).toEqual([running]);
  });

  it('records a run as lost that was seen and is seen no more', () => {
    const view = new SandboxView(snapshot());
    view.started(running);
    view.apply(snapshot(running), 0);
    view.apply(snapshot(), Date.UTC(2026, 0, 2));
    expect(view.state.containers[0]?.state).toMatchObject({
      kind: 'exited',
      result: { exitCode: 137, reason: 'ContainerStatusUnknown', finishedAt: '2026-01-02T00:00:00.000Z' },
    });
  });

  it('never lets an ended run live again, whoever says so', () => {
    const view = new SandboxView(snapshot(exited));
    view.started(running);
    view.apply(snapshot(running), 0);
    expect(view.state.containers).toEqual([exited]);
  });

  it('keeps an ended run that the runtime has forgotten, until it was removed', () => {
    const view = new SandboxView(snapshot(exited));
    view.apply(snapshot(), 0);
    expect(view.state.containers).toEqual([exited]);
    view.removed('c0');
    expect(view.state.containers).toEqual([]);
  });
});
