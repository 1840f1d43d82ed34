// Files that are hard to frame: octets of every value, and again and again what looks like the end of a chunk.
// The same seed gives the same octets, so both ends of a transfer can be compared by hash alone.
import { createHash } from "node:crypto";
import { open } from "node:fs/promises";

const BLOCK_BYTES = 1024 * 1024;

/** Octets written, and what they hash to. */
export interface LookAlikes {
  readonly bytes: number;
  readonly sha256: string;
}

/** Writes a file of `bytes` octets full of look-alike end-lines; never holds more than a block of it. */
export async function writeLookAlikes(path: string, bytes: number, seed = 1): Promise<LookAlikes> {
  const hash = createHash("sha256");
  const file = await open(path, "w");
  const random = generator(seed);
  try {
    for (let done = 0; done < bytes; done += BLOCK_BYTES) {
      const block = lookAlikeBlock(Math.min(BLOCK_BYTES, bytes - done), random);
      hash.update(block);
      await file.write(block);
    }
  } finally {
    await file.close();
  }
  return { bytes, sha256: hash.digest("hex") };
}

function lookAlikeBlock(length: number, random: () => number): Uint8Array {
  const block = new Uint8Array(length);
  const words = new Uint32Array(block.buffer, 0, length >>> 2);
  for (let index = 0; index < words.length; index++) words[index] = random();
  for (let index = length & ~3; index < length; index++) block[index] = random() & 0xff;
  // Every few KiB something that a careless reader takes for an end-line, with and without the line ends around it.
  const encoder = new TextEncoder();
  for (let at = random() % 997; at < length; at += 1_000 + (random() % 6_000)) {
    const text = imitation(random);
    block.set(encoder.encode(text).subarray(0, Math.max(0, length - at)), at);
  }
  return block;
}

function imitation(random: () => number): string {
  const id = Array.from({ length: 4 + (random() % 13) }, () => (random() % 36).toString(36)).join("");
  const flag = "$+#"[random() % 3]!;
  switch (random() % 6) {
    case 0:
      return `\r\n-------${id}${flag}\r\n`;
    case 1:
      return `\r\n-------${id}${flag}\r\nMSRP ${id} SEND\r\nTo-Path: msrp://h:1/s;tcp\r\n`;
    case 2:
      return "-".repeat(1 + (random() % 300));
    case 3:
      return `\n-------${id}`;
    case 4:
      return `\r\n${"-".repeat(7 + (random() % 3))}${id}${flag}`;
    default:
      return `\r\n-------${flag}\r\n`;
  }
}

/** xorshift32. */
function generator(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
