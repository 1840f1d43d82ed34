/**
 * The few TLS records that tests send and read by hand. There are old versions that no runtime would still send, and the
 * server name that a client shows.
 */
function u16(value: number): number[] {
  return [value >> 8, value & 0xff];
}

function record(version: number, handshakeType: number, body: readonly number[]): Uint8Array {
  const handshake = [handshakeType, 0, ...u16(body.length), ...body];
  return new Uint8Array([22, ...u16(version), ...u16(handshake.length), ...handshake]);
}

const random = Array.from({ length: 32 }, (_, index) => (index * 37) & 0xff);

/** A ClientHello whose highest version is `version`, with ECDHE and AES-CBC suites of its time (RFC 4346 §7.4.1.2). */
export function clientHello(version: number): Uint8Array {
  const suites = [0xc00a, 0xc009, 0xc014, 0xc013, 0x0035, 0x002f].flatMap(u16);
  // supported_groups: P-256; ec_point_formats: uncompressed; signature_algorithms, without which some look no further.
  const groups = [...u16(10), ...u16(4), ...u16(2), ...u16(0x0017)];
  const formats = [...u16(11), ...u16(2), 1, 0];
  const signatures = [...u16(13), ...u16(6), ...u16(4), ...u16(0x0403), ...u16(0x0401)];
  const extensions = [...groups, ...formats, ...signatures];
  const body = [...u16(version), ...random, 0, ...u16(suites.length), ...suites, 1, 0];
  return record(0x0301, 1, [...body, ...u16(extensions.length), ...extensions]);
}

/** A ServerHello that chooses TLS 1.1. */
export function tls11ServerHello(): Uint8Array {
  return record(0x0302, 2, [...u16(0x0302), ...random, 0, ...u16(0xc009), 0]);
}

/** The host name in the SNI extension of a ClientHello (RFC 6066 §3); undefined when there is none. */
export function serverNameOf(hello: Uint8Array): string | undefined {
  const view = new DataView(hello.buffer, hello.byteOffset, hello.byteLength);
  // Record header 5, handshake header 4, version 2, random 32.
  let at = 43;
  at += 1 + view.getUint8(at);
  at += 2 + view.getUint16(at);
  at += 1 + view.getUint8(at);
  const end = at + 2 + view.getUint16(at);
  at += 2;
  while (at < end) {
    const type = view.getUint16(at);
    const length = view.getUint16(at + 2);
    if (type === 0) return new TextDecoder().decode(hello.subarray(at + 9, at + 4 + length));
    at += 4 + length;
  }
  return undefined;
}
