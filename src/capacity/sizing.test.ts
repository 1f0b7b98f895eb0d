import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Offer, Resources } from '../../providers/contract/index.ts';
import * as eci from '../../providers/eci/sizes.ts';
import * as fargate from '../../providers/fargate/sizes.ts';
import { type Asked, askedOf, type SizedContainer } from './asked.ts';
import { chooseSize, pricePerSecond } from './choose-size.ts';

const gib = 1024 ** 3;
const rates = {
  ...{ currency: 'CNY', perCpuSecond: 0.000049, perGibSecond: 0.00000613, minimumSeconds: 1 },
  ...{ asOf: '2024-11-27', source: 'test' },
};
const offerOf = (sizes: Offer['sizes']): Offer => ({ id: 'test', market: 'on-demand', sizes, rates });
const hangzhou = offerOf(eci.onDemandSizes('cn-hangzhou'));
const elsewhere = offerOf(eci.onDemandSizes('us-west-1'));
const spot = offerOf(eci.spotSizes());
const fargateOffer = offerOf(fargate.sizes);

const of = (cpu: number, memory: number): Resources => ({ cpuMillis: cpu * 1000, memoryBytes: memory * gib });
const requested = (cpu: number, memory: number): SizedContainer => ({
  requests: of(cpu, memory),
  limits: {},
});
const limited = (cpu: number, memory: number): SizedContainer => ({ requests: {}, limits: of(cpu, memory) });
const both = (request: Resources, limit: Resources): SizedContainer => ({ requests: request, limits: limit });
const pod = (...containers: SizedContainer[]) => ({ initContainers: [], containers });

describe('what a Pod asks for', () => {
  it.each([
    ['nothing', pod({ requests: {}, limits: {} }), 2, 4],
    ['limits only', pod(limited(1, 2), limited(0.5, 1)), 1.5, 3],
    ['requests only', pod(requested(1, 2), requested(0.5, 1)), 1.5, 3],
    ['both: limits count', pod(both(of(1, 2), of(2, 3))), 2, 3],
    ['each resource by itself', pod(both(of(1, 2), { memoryBytes: 3 * gib })), 1, 3],
    ['a container without any counts nothing', pod(requested(1, 2), { requests: {}, limits: {} }), 1, 2],
  ])('ECI: %s', (_, asked, cpu, memory) => {
    expect(askedOf(asked, eci.sizingRules)).toMatchObject(of(cpu, memory));
  });

  it('Fargate: requests count, and a little when nothing is asked', () => {
    expect(askedOf(pod(both(of(1, 2), of(2, 3))), fargate.sizingRules)).toMatchObject(of(1, 2));
    expect(askedOf(pod({ requests: {}, limits: {} }), fargate.sizingRules)).toMatchObject(of(0.25, 0.5));
  });

  it('an init container counts beside the sidecars before it, where that is more', () => {
    const sidecar = { ...requested(0.5, 1), restartPolicy: 'Always' };
    const initContainers = [requested(3, 1), sidecar, requested(2, 6)];
    expect(askedOf({ initContainers, containers: [requested(1, 2)] }, eci.sizingRules)).toMatchObject(
      of(3, 7),
    );
    const busy = [requested(4, 8)];
    expect(askedOf({ initContainers, containers: busy }, eci.sizingRules)).toMatchObject(of(4.5, 9));
  });

  it('other resources add up', () => {
    const gpu = { requests: {}, limits: { ...of(4, 15), extended: { 'nvidia.com/gpu': 1 } } };
    expect(askedOf(pod(gpu, gpu), eci.sizingRules).extended).toEqual({ 'nvidia.com/gpu': 2 });
  });
});

describe('the size that is bought', () => {
  const chosen = (offer: Offer, cpu: number, memory: number) =>
    chooseSize({ cpuMillis: cpu * 1000, memoryBytes: memory * gib, extended: {} }, offer)?.name;

  // The vendor's own examples, then the edges of its tables.
  it.each([
    [hangzhou, 7, 13, '8.0-14.0Gi'],
    [hangzhou, 4.25, 8.5, '6.0-10.0Gi'],
    [hangzhou, 4, 8, '4.0-8.0Gi'],
    [elsewhere, 7, 13, '8.0-16.0Gi'],
    [elsewhere, 4.25, 8.5, '8.0-16.0Gi'],
    [elsewhere, 0.1, 0.1, '0.25-0.5Gi'],
    [elsewhere, 0.25, 1.5, '0.5-2.0Gi'],
    [elsewhere, 1.5, 1, '2.0-1.0Gi'],
    [spot, 0.25, 0.5, '2.0-2.0Gi'],
    [spot, 2, 1, '2.0-2.0Gi'],
    [spot, 4, 2, '4.0-4.0Gi'],
    [spot, 7, 13, '8.0-16.0Gi'],
    [elsewhere, 64, 512, '64.0-512.0Gi'],
    [elsewhere, 64, 513, undefined],
    [elsewhere, 65, 1, undefined],
    [fargateOffer, 0.25, 0.5, '0.25vCPU 0.5GB'],
    [fargateOffer, 0.25, 2.1, '0.5vCPU 3GB'],
    [fargateOffer, 1, 8.5, '2vCPU 9GB'],
    [fargateOffer, 4, 30, '4vCPU 30GB'],
    [fargateOffer, 4, 31, '8vCPU 32GB'],
    [fargateOffer, 8, 17, '8vCPU 20GB'],
    [fargateOffer, 16, 33, '16vCPU 40GB'],
    [fargateOffer, 16, 120, '16vCPU 120GB'],
    [fargateOffer, 16, 121, undefined],
  ])('%#: %o cores, %o GiB', (offer, cpu, memory, name) => {
    expect(chosen(offer, cpu, memory)).toBe(name);
  });

  it('has what else is asked for', () => {
    const gpu = { name: 'ecs.gn6i-c4g1.xlarge', ...sized(4, 15), extended: { 'nvidia.com/gpu': 1 } };
    const offer = offerOf([...elsewhere.sizes, gpu]);
    const asked: Asked = { cpuMillis: 1000, memoryBytes: gib, extended: { 'nvidia.com/gpu': 1 } };
    expect(chooseSize(asked, offer)).toBe(gpu);
    expect(chooseSize({ ...asked, extended: { 'nvidia.com/gpu': 2 } }, offer)).toBeUndefined();
  });

  it.each([
    ['ECI', hangzhou],
    ['ECI spot', spot],
    ['Fargate', fargateOffer],
  ])('%s: is the cheapest that fits, for any request', (_, offer) => {
    const request = fc.record({
      cpuMillis: fc.integer({ min: 0, max: 70_000 }),
      memoryBytes: fc.integer({ min: 0, max: 600 * gib }),
      extended: fc.constant({}),
    });
    fc.assert(
      fc.property(request, (asked) => {
        const size = chooseSize(asked, offer);
        const fitting = offer.sizes.filter(
          ({ cpuMillis, memoryBytes }) => cpuMillis >= asked.cpuMillis && memoryBytes >= asked.memoryBytes,
        );
        const least = Math.min(...fitting.map((each) => pricePerSecond(each, offer) ?? Infinity));
        expect(size === undefined ? Infinity : pricePerSecond(size, offer)).toBe(least);
        expect(size === undefined || fitting.includes(size)).toBe(true);
      }),
      { numRuns: 10_000 },
    );
  });
});

function sized(cpu: number, memory: number) {
  return { cpuMillis: cpu * 1000, memoryBytes: memory * gib };
}
