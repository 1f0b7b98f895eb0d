import type { Machine } from '../contract/index.ts';

const gib = 1024 ** 3;

const usEast1: readonly Machine[] = [
  { name: 't3.medium', cpuMillis: 2000, memoryBytes: 4 * gib, perHour: 0.041, ...read() },
  { name: 'c6i.large', cpuMillis: 2000, memoryBytes: 4 * gib, perHour: 0.085, ...read() },
  { name: 'c5.2xlarge', cpuMillis: 8000, memoryBytes: 16 * gib, perHour: 0.34, ...read() },
];

/** EC2 on demand, Linux, where a list price was read; elsewhere none, for a price that was guessed would look certain. */
export function machinesIn(region: string): readonly Machine[] {
  return region === 'us-east-1' ? usEast1 : [];
}

function read(): Pick<Machine, 'currency' | 'asOf' | 'source'> {
  return {
    currency: 'USD',
    asOf: '2026-03-10',
    source: 'https://www.wring.co/blog/aws-fargate-pricing-guide',
  };
}
