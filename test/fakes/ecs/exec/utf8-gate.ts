/** A character in UTF-8 takes no more bytes. */
const longest = 4;

/**
 * What the agent does to the output of a shell, for it takes it for text: bytes that are no UTF-8 pass, but not among the
 * last three of what was read; those wait for more, and are lost when the command ends. And it takes U+FFFD, which is its
 * own sign for a fault, for one: of its three bytes the first passes. (amazon-ssm-agent, agent/session/plugins/shell)
 */
export class Utf8Gate {
  #held: Buffer = Buffer.alloc(0);

  pass(read: Buffer): Buffer {
    const bytes = Buffer.concat([this.#held, read]);
    const passed: Buffer[] = [];
    let at = 0;
    while (at < bytes.length) {
      const length = characterLength(bytes, at);
      const isReplacement = length === 3 && bytes.readUIntBE(at, 3) === 0xefbfbd;
      if (length === 0 || isReplacement) {
        if (bytes.length - at < longest) break;
        passed.push(bytes.subarray(at, at + 1));
        at += isReplacement ? 3 : 1;
      } else {
        passed.push(bytes.subarray(at, at + length));
        at += length;
      }
    }
    this.#held = Buffer.from(bytes.subarray(at));
    return Buffer.concat(passed);
  }
}

/** 0 = no character begins here, or not all of it is there. */
function characterLength(bytes: Buffer, at: number): number {
  const first = bytes[at] ?? 0;
  if (first < 0x80) return 1;
  const length = first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
  if (length === 0 || at + length > bytes.length) return 0;
  const second = bytes[at + 1] ?? 0;
  const least = first === 0xe0 ? 0xa0 : first === 0xf0 ? 0x90 : 0x80;
  const most = first === 0xed ? 0x9f : first === 0xf4 ? 0x8f : 0xbf;
  if (second < least || second > most) return 0;
  for (let rest = 2; rest < length; rest++) if (((bytes[at + rest] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}
