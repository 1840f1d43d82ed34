// Reads what a pcapng file holds, by the format's description and not by our writer: blocks, packets, TCP segments.
// Checks lengths and checksums on the way, so that a test which reads a file has checked it.

/** One TCP packet of a file. */
export interface TcpPacket {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  /** S, F, R, P and A, in that order. */
  readonly flags: string;
  readonly sequence: number;
  readonly acknowledgement: number;
  readonly text: string;
  readonly comment: string | undefined;
}

/** A file: the comment at its beginning, and its packets. */
export interface Capture {
  readonly comment: string;
  readonly packets: readonly TcpPacket[];
}

const text = (bytes: Uint8Array): string => new TextDecoder("latin1").decode(bytes);

/** @throws {Error} the file is not well-formed, or a checksum is wrong */
export function readCapture(bytes: Uint8Array): Capture {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const packets: TcpPacket[] = [];
  let comment = "";
  for (let at = 0; at < bytes.length; ) {
    const type = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    if (length % 4 !== 0 || view.getUint32(at + length - 4, true) !== length)
      throw new Error(`bad block length ${length} at ${at}`);
    if (at === 0 && type !== 0x0a0d0d0a) throw new Error("no section header");
    if (type === 0x0a0d0d0a) comment = options(bytes, at + 24, at + length - 4).get(1) ?? "";
    else if (type === 1 && view.getUint16(at + 8, true) !== 1) throw new Error("not Ethernet");
    else if (type === 6) {
      const micros = view.getUint32(at + 12, true) * 2 ** 32 + view.getUint32(at + 16, true);
      const size = view.getUint32(at + 20, true);
      const rest = options(bytes, at + 28 + Math.ceil(size / 4) * 4, at + length - 4);
      packets.push({
        at: micros / 1000,
        ...readPacket(bytes.subarray(at + 28, at + 28 + size)),
        comment: rest.get(1),
      });
    }
    at += length;
  }
  return { comment, packets };
}

function options(bytes: Uint8Array, start: number, end: number): Map<number, string> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const found = new Map<number, string>();
  for (let at = start; at < end; ) {
    const code = view.getUint16(at, true);
    const length = view.getUint16(at + 2, true);
    if (code === 0) break;
    found.set(code, new TextDecoder().decode(bytes.subarray(at + 4, at + 4 + length)));
    at += 4 + Math.ceil(length / 4) * 4;
  }
  return found;
}

/** Reads an Ethernet frame with IPv4 or IPv6 and TCP. */
export function readPacket(bytes: Uint8Array): Omit<TcpPacket, "at" | "comment"> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const v6 = view.getUint16(12) === 0x86dd;
  const size = v6 ? 16 : 4;
  const tcp = v6 ? 54 : 34;
  const total = v6 ? view.getUint16(18) + 54 : view.getUint16(16) + 14;
  if (total !== bytes.length) throw new Error(`IP says ${total} octets, there are ${bytes.length}`);
  if (!v6 && ones(bytes.subarray(14, 34)) !== 0xffff) throw new Error("checksum of IPv4");
  const addresses = bytes.subarray(tcp - 2 * size, tcp);
  const length = bytes.length - tcp;
  const pseudo = new Uint8Array([...addresses, 0, 0, length >> 8, length & 255, 0, 6]);
  if (ones(new Uint8Array([...pseudo, ...(pseudo.length % 2 ? [0] : []), ...bytes.subarray(tcp)])) !== 0xffff)
    throw new Error("checksum of TCP");
  const name = (at: number, port: number): string => {
    const part = addresses.subarray(at, at + size);
    const host = v6
      ? Array.from({ length: 8 }, (_, i) =>
          (((part[2 * i] ?? 0) << 8) | (part[2 * i + 1] ?? 0)).toString(16),
        ).join(":")
      : part.join(".");
    return `${host} ${view.getUint16(port)}`;
  };
  const bits = bytes[tcp + 13] ?? 0;
  const flags = [...("SFRPA" as string)].filter((_, index) => bits & ([2, 1, 4, 8, 16][index] ?? 0)).join("");
  return {
    from: name(0, tcp),
    to: name(size, tcp + 2),
    flags,
    sequence: view.getUint32(tcp + 4),
    acknowledgement: view.getUint32(tcp + 8),
    text: text(bytes.subarray(tcp + 20)),
  };
}

/** The ones' complement sum of RFC 1071. */
function ones(bytes: Uint8Array): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2) {
    sum += (bytes[index] ?? 0) * 256 + (bytes[index + 1] ?? 0);
    if (sum > 0xffff) sum -= 0xffff;
  }
  return sum;
}
