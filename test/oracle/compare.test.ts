import { describe, expect, it } from 'vitest';
import type { Pod, PodStatus } from '../../src/kube/types.ts';
import { pod as podOf, ready, shell } from './case.ts';
import { compare, type Seen } from './compare.ts';
import { flatten } from './flatten.ts';

const one = { name: 'sample', ...podOf(shell('')), until: ready };

function seen(node: string, status: PodStatus, events: readonly string[] = ['Normal Scheduled']): Seen {
  const final: Pod = { metadata: { name: 'sample', uid: `uid-of-${node}` }, status };
  const performance = { uid: `uid-of-${node}`, final, sights: [{ pod: final, at: 0 }] };
  return { side: { node, namespace: `on-${node}` }, performance, events };
}

function ended(node: string, seconds: number, exitCode = 1, containerID = node): PodStatus {
  const finishedAt = new Date(seconds * 1000).toISOString();
  const startedAt = new Date(0).toISOString();
  const message = `on-${node} ${node} uid-of-${node} 10.0.0.${node.length} 127.0.0.1`;
  const terminated = { exitCode, message, startedAt, finishedAt, containerID };
  const more = { image: 'i', imageID: node, ready: false, restartCount: 0 };
  return { phase: 'Failed', containerStatuses: [{ name: 'main', ...more, state: { terminated } }] };
}

describe('two statuses', () => {
  it('are the same but for ids, times, addresses and names', () => {
    expect(compare(one, seen('one', ended('one', 9)), seen('other', ended('other', 7)))).toEqual([]);
    expect(flatten(seen('one', ended('one', 9)).performance.final ?? {}, seen('one', {}).side)).toEqual(
      new Map<string, string | number>([
        ['phase', 'Failed'],
        ['containers.main.image', 'i'],
        ['containers.main.imageID', '<id>'],
        ['containers.main.ready', 'false'],
        ['containers.main.restartCount', 0],
        ['containers.main.state.terminated.exitCode', 1],
        ['containers.main.state.terminated.message', '<namespace> <node> <uid> <ip> 127.0.0.1'],
        ['containers.main.state.terminated.startedAt', '<time>'],
        ['containers.main.state.terminated.finishedAt', '<time>'],
        ['containers.main.state.terminated.containerID', '<id>'],
        ['containers.main.state.terminated.ranSeconds', 9],
      ]),
    );
  });

  it('differ by field', () => {
    const where = 'status containers.main.state.terminated';
    expect(compare(one, seen('one', ended('one', 9)), seen('one', ended('one', 19, 2)))).toEqual([
      { where: `${where}.exitCode`, kubelet: '1', burstlet: '2' },
      { where: `${where}.ranSeconds`, kubelet: '9', burstlet: '19' },
      { where: 'changes of container main', kubelet: 'terminated 1', burstlet: '' },
      { where: 'changes of container main', kubelet: '', burstlet: 'terminated 2' },
    ]);
  });

  it('are the same where a difference has its reason', () => {
    const resized: PodStatus = { phase: 'Running', allocatedResources: { cpu: '1' } };
    expect(compare(one, seen('one', resized), seen('one', { phase: 'Running' }))).toEqual([
      { where: 'status allocatedResources.cpu', kubelet: '1', burstlet: '', allowed: 'resources' },
    ]);
  });
});

it('Events differ by type, reason and container', () => {
  const theirs = seen('one', {}, ['Normal Pulled main', 'Normal Started main']);
  expect(compare(one, theirs, seen('one', {}, ['Normal Started main', 'Warning BackOff main']))).toEqual([
    { where: 'events', kubelet: 'Normal Pulled main', burstlet: '' },
    { where: 'events', kubelet: '', burstlet: 'Warning BackOff main' },
  ]);
});

it('what did not happen is a difference, even when it happened nowhere', () => {
  const late = seen('one', {});
  const lost = { ...late, performance: { ...late.performance, trouble: 'never' } };
  expect(compare(one, lost, lost)).toEqual([{ where: 'course', kubelet: 'never', burstlet: 'never' }]);
});
