/**
 * Wraps the octets of a connection in the packets that would have carried them: Ethernet, IPv4 or IPv6, TCP, with right
 * numbers and checksums. The octets were taken after TLS, so the packets are a model of what went over the wire.
 */

/** Address and port of one side. */
export interface Place {
  readonly address: string;
  readonly port: number;
}

/** Which way: from the peer to this node, or from this node. */
export type Direction = "received" | "transmitted";

/** Longest piece that fits into one packet of either kind of IP. */
export const maxSegmentBytes = 65_000;

const FIN = 0x01;
const SYN = 0x02;
const RST = 0x04;
const PSH = 0x08;
const ACK = 0x10;

interface Side {
  readonly ip: Uint8Array;
  readonly port: number;
  readonly mac: number;
  sequence: number;
}

/** One connection as packets. */
export class TcpPackets {
  readonly #local: Side;
  readonly #remote: Side;
  readonly #v6: boolean;
  readonly #opener: Direction;
  #identification = 0;

  /** @param opener who opened it: `"received"`: the peer did */
  constructor(local: Place, remote: Place, opener: Direction) {
    const own = ipBytes(local.address);
    const other = ipBytes(remote.address);
    this.#v6 = own.length === 16 || other.length === 16;
    this.#local = side(this.#v6 ? mapped(own) : own, local.port, 1);
    this.#remote = side(this.#v6 ? mapped(other) : other, remote.port, 2);
    this.#opener = opener;
  }

  /** The three packets that open it. */
  open(): Uint8Array[] {
    const back = this.#opener === "received" ? "transmitted" : "received";
    return [this.#packet(this.#opener, SYN), this.#packet(back, SYN | ACK), this.#packet(this.#opener, ACK)];
  }

  /** Octets, at most `maxSegmentBytes`. */
  data(direction: Direction, payload: Uint8Array): Uint8Array {
    return this.#packet(direction, PSH | ACK, payload);
  }

  /** The packets that end it: in peace, or with a reset. */
  close(reset: boolean): Uint8Array[] {
    if (reset) return [this.#packet("transmitted", RST | ACK)];
    return [
      this.#packet("transmitted", FIN | ACK),
      this.#packet("received", FIN | ACK),
      this.#packet("transmitted", ACK),
    ];
  }

  #packet(direction: Direction, flags: number, payload: Uint8Array = new Uint8Array(0)): Uint8Array {
    const from = direction === "received" ? this.#remote : this.#local;
    const to = direction === "received" ? this.#local : this.#remote;
    const ipBytes = this.#v6 ? 40 : 20;
    const tcpLength = 20 + payload.length;
    const bytes = new Uint8Array(14 + ipBytes + tcpLength);
    const view = new DataView(bytes.buffer);
    bytes.set([2, 0, 0, 0, 0, to.mac, 2, 0, 0, 0, 0, from.mac]); // locally administered
    view.setUint16(12, this.#v6 ? 0x86dd : 0x0800);
    if (this.#v6) {
      view.setUint32(14, 0x6000_0000);
      view.setUint16(18, tcpLength);
      view.setUint16(20, 0x0640); // TCP, 64 hops
    } else {
      view.setUint16(14, 0x4500);
      view.setUint16(16, 20 + tcpLength);
      view.setUint16(18, ++this.#identification & 0xffff);
      view.setUint16(20, 0x4000); // not to be fragmented
      view.setUint16(22, 0x4006); // 64 hops, TCP
    }
    const addresses = 14 + ipBytes - from.ip.length * 2;
    bytes.set(from.ip, addresses);
    bytes.set(to.ip, addresses + from.ip.length);
    if (!this.#v6) view.setUint16(24, checksum(sum(bytes, 14, 20)));
    const tcp = 14 + ipBytes;
    view.setUint16(tcp, from.port);
    view.setUint16(tcp + 2, to.port);
    view.setUint32(tcp + 4, from.sequence);
    view.setUint32(tcp + 8, (flags & ACK) === 0 ? 0 : to.sequence);
    view.setUint16(tcp + 12, 0x5000 | flags);
    view.setUint16(tcp + 14, 0xffff);
    bytes.set(payload, tcp + 20);
    const pseudo = sum(bytes, addresses, from.ip.length * 2) + 6 + tcpLength;
    view.setUint16(tcp + 16, checksum(pseudo + sum(bytes, tcp, tcpLength)));
    from.sequence = (from.sequence + payload.length + ((flags & (SYN | FIN)) === 0 ? 0 : 1)) >>> 0;
    return bytes;
  }
}

function side(ip: Uint8Array, port: number, mac: number): Side {
  return { ip, port, mac, sequence: 0 };
}

/** Sum of 16-bit words; below 2^53 for any packet. */
function sum(bytes: Uint8Array, start: number, length: number): number {
  let total = 0;
  const end = start + length;
  for (let index = start; index + 1 < end; index += 2) {
    total += ((bytes[index] as number) << 8) | (bytes[index + 1] as number);
  }
  return length % 2 === 0 ? total : total + ((bytes[end - 1] as number) << 8);
}

function checksum(total: number): number {
  let folded = total;
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x1_0000);
  return ~folded & 0xffff;
}

function mapped(ip: Uint8Array): Uint8Array {
  if (ip.length === 16) return ip;
  return new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...ip]);
}

/** Octets of an address; a name, as in tests, and the unknown become 0.0.0.0, mapped IPv4 becomes IPv4. */
export function ipBytes(text: string): Uint8Array {
  const address = text.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
  const v4 = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(address);
  if (v4 !== null) return new Uint8Array(v4.slice(1).map(Number));
  if (!/^[0-9a-f:]*:[0-9a-f:]*$/i.test(address)) return new Uint8Array(4);
  const [head = "", tail] = address.split("::");
  const groups = (part: string): number[] =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  const all = [...first, ...new Array<number>(Math.max(0, 8 - first.length - last.length)).fill(0), ...last];
  return new Uint8Array(all.slice(0, 8).flatMap((group) => [group >> 8, group & 0xff]));
}
