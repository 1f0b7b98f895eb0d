/** CPU units → MiB: docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html */
const memoryOf: Readonly<Record<number, readonly number[]>> = {
  256: [512, 1024, 2048],
  512: steps(1024, 4096, 1024),
  1024: steps(2048, 8192, 1024),
  2048: steps(4096, 16_384, 1024),
  4096: steps(8192, 30_720, 1024),
  8192: steps(16_384, 61_440, 4096),
  16384: steps(32_768, 122_880, 8192),
};

export function isFargateSize(cpu: number, memory: number): boolean {
  return memoryOf[cpu]?.includes(memory) ?? false;
}

/** `1 vCPU`, `1024`, `.5 vcpu`; undefined when it is none. */
export function cpuUnits(text: string | undefined): number | undefined {
  return quantity(text, /^([\d.]+)\s*vcpu$/i);
}

/** `2 GB`, `2048`. */
export function memoryMib(text: string | undefined): number | undefined {
  return quantity(text, /^([\d.]+)\s*gb$/i);
}

function quantity(text: string | undefined, inThousands: RegExp): number | undefined {
  if (text === undefined) return undefined;
  const [, big] = inThousands.exec(text.trim()) ?? [];
  const value = big === undefined ? Number(text) : Number(big) * 1024;
  return Number.isInteger(value) && value > 0 ? value : undefined;
}

function steps(from: number, to: number, by: number): number[] {
  return Array.from({ length: (to - from) / by + 1 }, (_, index) => from + index * by);
}
