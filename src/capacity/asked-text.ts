import { formatQuantity, quantityOfBytes, quantityOfMillis } from '../kube/quantity.ts';
import type { Asked } from './asked.ts';

/** `cpu=500m, memory=1Gi`, as Kubernetes writes amounts. */
export function amountsText({ cpuMillis, memoryBytes, extended = {} }: Partial<Asked>): string {
  return [
    `cpu=${formatQuantity(quantityOfMillis(cpuMillis ?? 0))}`,
    `memory=${formatQuantity(quantityOfBytes(memoryBytes ?? 0))}`,
    ...Object.entries(extended).map(([name, amount]) => `${name}=${amount}`),
  ].join(', ');
}

/** What of a size is bought and not asked for, in percent: `33% of cpu, 0% of memory`. */
export function wasteText(
  asked: Asked,
  size: { readonly cpuMillis: number; readonly memoryBytes: number },
): string {
  const percent = (used: number, all: number): number => (all === 0 ? 0 : Math.round((1 - used / all) * 100));
  return `${percent(asked.cpuMillis, size.cpuMillis)}% of cpu, ${percent(asked.memoryBytes, size.memoryBytes)}% of memory`;
}
