import { describe, expect, it, test } from 'vitest';
import type { Node, NodeSelectorTerm, PodSpec, Taint, Toleration } from '../kube/types.ts';
import type { Amounts } from '../podspec/amounts.ts';
import { type Candidate, place, type Room } from './fit.ts';

interface Wishes {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly spec?: Node['spec'];
  readonly allocatable?: Amounts;
  readonly used?: Amounts;
}

function room(wishes: Wishes = {}): Room {
  const { name = 'a', labels = {}, spec = {}, used = {} } = wishes;
  const { allocatable = { pods: 10, cpu: 4_000, memory: 8e9 } } = wishes;
  return { node: { metadata: { name, labels }, spec }, allocatable, used };
}

function pod(spec: Partial<PodSpec> = {}, requests: Amounts = {}): Candidate {
  return {
    pod: { metadata: { name: 'p' }, spec: { containers: [], ...spec } },
    requests: { pods: 1, cpu: 0, memory: 0, ...requests },
  };
}

function tainted(...taints: Taint[]): Room {
  return room({ spec: { taints } });
}

const fits = { node: 'a' };
const refusedOne = (reason: string) => ({ message: `0/1 nodes are available: 1 ${reason}.` });

describe('taints', () => {
  const refused = refusedOne('node(s) had untolerated taint(s)');
  const taint: Taint = { key: 'provider', value: 'mock', effect: 'NoSchedule' };
  test.each<[string, Taint, Toleration[], typeof fits | typeof refused]>([
    ['not tolerated', taint, [], refused],
    ['NoExecute, not tolerated', { ...taint, effect: 'NoExecute' }, [], refused],
    ['a preference only', { ...taint, effect: 'PreferNoSchedule' }, [], fits],
    ['tolerated by key and value', taint, [{ key: 'provider', value: 'mock' }], fits],
    ['another value', taint, [{ key: 'provider', value: 'eci' }], refused],
    ['tolerated by its existence', taint, [{ key: 'provider', operator: 'Exists' }], fits],
    ['everything tolerated', taint, [{ operator: 'Exists' }], fits],
    ['another effect', taint, [{ key: 'provider', operator: 'Exists', effect: 'NoExecute' }], refused],
    ['no value on either side', { key: 'k', effect: 'NoSchedule' }, [{ key: 'k', operator: 'Equal' }], fits],
  ])('%s', (_, one, tolerations, expected) => {
    expect(place(pod({ tolerations }), [tainted(one)])).toEqual(expected);
  });

  it('must all be tolerated', () => {
    const other: Taint = { key: 'other', effect: 'NoSchedule' };
    const tolerations = [{ key: 'provider', operator: 'Exists' }];
    expect(place(pod({ tolerations }), [tainted(taint, other)])).toEqual(refused);
  });
});

describe('a cordoned node', () => {
  const node = room({ spec: { unschedulable: true } });

  it('is passed over', () => {
    expect(place(pod(), [node])).toEqual(refusedOne('node(s) were unschedulable'));
  });

  it('is taken where the Pod tolerates that', () => {
    const tolerations = [{ key: 'node.kubernetes.io/unschedulable', operator: 'Exists' }];
    expect(place(pod({ tolerations }), [node])).toEqual(fits);
  });
});

describe('nodeSelector and required node affinity', () => {
  const refused = refusedOne("node(s) didn't match Pod's node affinity/selector");
  const node = room({ labels: { zone: 'x', size: '8' } });
  const affinity = (...nodeSelectorTerms: NodeSelectorTerm[]): Partial<PodSpec> => ({
    affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
  });
  const zone = (operator: string, ...values: string[]) => ({
    matchExpressions: [{ key: 'zone', operator, values }],
  });
  const name = (operator: string, value: string) => ({
    matchFields: [{ key: 'metadata.name', operator, values: [value] }],
  });
  test.each<[string, Partial<PodSpec>, boolean]>([
    ['a label that is there', { nodeSelector: { zone: 'x' } }, true],
    ['one of two labels is not', { nodeSelector: { zone: 'x', disk: 'ssd' } }, false],
    ['In', affinity(zone('In', 'y', 'x')), true],
    ['NotIn', affinity(zone('NotIn', 'x')), false],
    ['Exists', affinity(zone('Exists')), true],
    ['DoesNotExist', affinity(zone('DoesNotExist')), false],
    ['Gt', affinity({ matchExpressions: [{ key: 'size', operator: 'Gt', values: ['4'] }] }), true],
    ['Lt', affinity({ matchExpressions: [{ key: 'size', operator: 'Lt', values: ['4'] }] }), false],
    ['one term of two', affinity(zone('In', 'y'), zone('In', 'x')), true],
    ['an empty term', affinity({}), false],
    ['the name of the node', affinity(name('In', 'a')), true],
    ['the name of another', affinity(name('In', 'b')), false],
    ['not that name', affinity(name('NotIn', 'a')), false],
    ['selector and affinity both', { nodeSelector: { zone: 'y' }, ...affinity(zone('In', 'x')) }, false],
  ])('%s', (_, spec, matches) => {
    expect(place(pod(spec), [node])).toEqual(matches ? fits : refused);
  });

  it('that are only preferred do not refuse', () => {
    const preferred = [{ weight: 1, preference: zone('In', 'y') }];
    const affine = { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: preferred } };
    expect(place(pod({ affinity: affine }), [node])).toEqual(fits);
  });
});

describe('room', () => {
  it('may be filled to the last bit, and no further', () => {
    const used = { pods: 1, cpu: 3_000 };
    expect(place(pod({}, { cpu: 1_000 }), [room({ used })])).toEqual(fits);
    expect(place(pod({}, { cpu: 1_001 }), [room({ used })])).toEqual(refusedOne('Insufficient cpu'));
  });

  it('counts Pods', () => {
    expect(place(pod(), [room({ used: { pods: 10 } })])).toEqual(refusedOne('Too many pods'));
  });

  it('names everything that is short, extended resources too', () => {
    const candidate = pod({}, { cpu: 9_000, memory: 9e9, 'example.com/gpu': 1 });
    expect(place(candidate, [room()])).toEqual({
      message:
        '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient example.com/gpu, 1 Insufficient memory.',
    });
  });

  it('is not looked at by a Pod that asks for nothing, on a node that is overfull', () => {
    expect(place(pod(), [room({ used: { pods: 1, cpu: 5_000 } })])).toEqual(fits);
  });

  it('goes to the node that would be emptiest', () => {
    const rooms = [
      room({ name: 'b', used: { cpu: 2_000 } }),
      room({ name: 'c', used: { cpu: 1_000 } }),
      room({ name: 'd', used: { memory: 7e9 } }),
    ];
    expect(place(pod({}, { cpu: 500, memory: 1e8 }), rooms)).toEqual({ node: 'c' });
  });
});

describe('the message', () => {
  it('says that there is no node at all', () => {
    expect(place(pod(), [])).toEqual({ message: 'no nodes available to schedule pods' });
  });

  it('counts the nodes per reason, one kind of obstacle per node, sorted as text', () => {
    const here = { labels: { zone: 'x' }, used: { cpu: 4_000 } };
    const taints = [{ key: 'secret', value: 'value', effect: 'NoSchedule' }];
    const rooms = [
      room({ ...here, spec: { taints } }),
      room({ ...here, spec: { taints: [{ key: 'other', effect: 'NoSchedule' }] } }),
      room(here),
      room({ ...here, spec: { unschedulable: true, taints } }),
      ...Array.from({ length: 10 }, () => room({ labels: { zone: 'y' } })),
    ];
    expect(place(pod({ nodeSelector: { zone: 'x' } }, { cpu: 1 }), rooms)).toEqual({
      message:
        "0/14 nodes are available: 1 Insufficient cpu, 1 node(s) were unschedulable, 10 node(s) didn't match Pod's node affinity/selector, 2 node(s) had untolerated taint(s).",
    });
  });
});
