/**
 * Writes pcapng, the capture format of Wireshark (draft-ietf-opsawg-pcapng): one section with one Ethernet interface, and
 * a block for each packet. Only what a trace needs; no library on the registry writes the format.
 */

/** Writes blocks in little-endian order, as the section header says. */
export interface PcapngBlocks {
  /** The two blocks at the beginning of a file. */
  begin(comment: string): Uint8Array;
  /** One packet; `at` is milliseconds since 1970, with fractions. */
  packet(at: number, bytes: Uint8Array, comment?: string): Uint8Array;
}

const commentOption = 1;
const applicationOption = 4;
const nameOption = 2;
const encoder = new TextEncoder();

/** The writer; it has no state. */
export const pcapng: PcapngBlocks = {
  begin(comment) {
    const section = new Uint8Array(16);
    const view = new DataView(section.buffer);
    view.setUint32(0, 0x1a2b3c4d, true); // byte-order magic
    view.setUint16(4, 1, true); // version 1.0
    view.setUint32(8, 0xffffffff, true); // section length: not told
    view.setUint32(12, 0xffffffff, true);
    const description = new Uint8Array(8);
    new DataView(description.buffer).setUint16(0, 1, true); // LINKTYPE_ETHERNET, no limit of length
    const head = block(0x0a0d0d0a, section, [
      [commentOption, comment],
      [applicationOption, "msrpkit"],
    ]);
    const link = block(1, description, [[nameOption, "msrp"]]);
    const all = new Uint8Array(head.length + link.length);
    all.set(head);
    all.set(link, head.length);
    return all;
  },
  packet(at, bytes, comment) {
    const micros = Math.round(at * 1000);
    const body = new Uint8Array(20 + padded(bytes.length));
    const view = new DataView(body.buffer);
    view.setUint32(4, Math.floor(micros / 0x1_0000_0000), true);
    view.setUint32(8, micros % 0x1_0000_0000, true);
    view.setUint32(12, bytes.length, true);
    view.setUint32(16, bytes.length, true);
    body.set(bytes, 20);
    return block(6, body, comment === undefined ? [] : [[commentOption, comment]]);
  },
};

function block(type: number, body: Uint8Array, options: readonly (readonly [number, string])[]): Uint8Array {
  const encoded = options.map(([code, text]) => [code, encoder.encode(text)] as const);
  const optionBytes = encoded.reduce((sum, [, value]) => sum + 4 + padded(value.length), 0);
  const length = 12 + body.length + (encoded.length > 0 ? optionBytes + 4 : 0);
  const bytes = new Uint8Array(length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  bytes.set(body, 8);
  let position = 8 + body.length;
  for (const [code, value] of encoded) {
    view.setUint16(position, code, true);
    view.setUint16(position + 2, value.length, true);
    bytes.set(value, position + 4);
    position += 4 + padded(value.length);
  }
  view.setUint32(length - 4, length, true);
  return bytes;
}

function padded(length: number): number {
  return (length + 3) & ~3;
}
