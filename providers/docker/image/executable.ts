/** `e_machine` of elf.h. */
const machines = { amd64: 62, arm64: 183 } as const;

export type Architecture = keyof typeof machines;

/** As the engine names architectures. */
export function isArchitecture(arch: string): arch is Architecture {
  return Object.hasOwn(machines, arch);
}

const fileHeaderBytes = 64;
const programHeaderBytes = 56;
const loadAddress = 0x400000;

/** Machine code, in hexadecimal, as a static ELF executable: the two headers, then the code, all in one segment. */
export function executable(arch: Architecture, machineCode: readonly string[]): Buffer {
  const code = Buffer.from(machineCode.join(''), 'hex');
  const codeOffset = fileHeaderBytes + programHeaderBytes;
  const size = codeOffset + code.length;

  const file = Buffer.alloc(fileHeaderBytes);
  Buffer.from('\u007fELF\u0002\u0001\u0001', 'latin1').copy(file); // 64 bits, little endian, version 1
  file.writeUInt16LE(2, 16); // ET_EXEC
  file.writeUInt16LE(machines[arch], 18);
  file.writeUInt32LE(1, 20);
  file.writeBigUInt64LE(BigInt(loadAddress + codeOffset), 24); // entry point
  file.writeBigUInt64LE(BigInt(fileHeaderBytes), 32); // program headers
  file.writeUInt16LE(fileHeaderBytes, 52);
  file.writeUInt16LE(programHeaderBytes, 54);
  file.writeUInt16LE(1, 56);

  const segment = Buffer.alloc(programHeaderBytes);
  segment.writeUInt32LE(1, 0); // PT_LOAD
  segment.writeUInt32LE(5, 4); // readable, executable
  segment.writeBigUInt64LE(BigInt(loadAddress), 16);
  segment.writeBigUInt64LE(BigInt(loadAddress), 24);
  segment.writeBigUInt64LE(BigInt(size), 32);
  segment.writeBigUInt64LE(BigInt(size), 40);
  segment.writeBigUInt64LE(0x10000n, 48); // alignment: the largest page of both architectures
  return Buffer.concat([file, segment, code]);
}
