// Suite of sessions from SDP, part 6: the lowest TLS that a listener of a negotiated session speaks, tried with handshakes
// written by hand, since no runtime's own client would send them.
import net from "node:net";
import { afterEach, beforeAll, expect, test } from "#test";
import {
  type Certificates,
  type Identity,
  makeCertificates,
  makeRsaCertificate,
} from "../../testing/certificates.ts";
import { Endpoints, type NegotiationSubject } from "../support/negotiation.ts";

const u16 = (value: number): number[] => [value >> 8, value & 0xff];

/** A ClientHello of these versions and suites, for a server with a P-256 or an RSA certificate. */
function hello(recordVersion: number, version: number, suites: readonly number[]): Uint8Array {
  const extensions = [
    // supported_groups: P-256; ec_point_formats: uncompressed; signature_algorithms: ECDSA and RSA with SHA-256.
    [...u16(10), ...u16(4), ...u16(2), ...u16(0x0017)],
    [...u16(11), ...u16(2), 1, 0],
    [...u16(13), ...u16(6), ...u16(4), ...u16(0x0403), ...u16(0x0401)],
    // extended_master_secret and renegotiation_info, without which some go no further.
    [...u16(23), ...u16(0)],
    [...u16(0xff01), ...u16(1), 0],
  ].flat();
  const random = Array.from({ length: 32 }, (_, index) => (index * 37 + 11) & 0xff);
  const body = [
    ...u16(version),
    ...random,
    0,
    ...u16(suites.length * 2),
    ...suites.flatMap(u16),
    ...[1, 0],
    ...u16(extensions.length),
    ...extensions,
  ];
  const handshake = [1, 0, ...u16(body.length), ...body];
  return new Uint8Array([22, ...u16(recordVersion), ...u16(handshake.length), ...handshake]);
}

/** What a server says first: "hello", "alert N", or "closed". */
function firstWord(port: number, host: string, bytes: Uint8Array): Promise<string> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host }, () => socket.write(bytes));
    let answer = new Uint8Array();
    const settle = (word: string): void => {
      socket.destroy();
      resolve(word);
    };
    socket.on("data", (piece: Uint8Array) => {
      answer = new Uint8Array([...answer, ...piece]);
      if (answer.length < 7) return;
      settle(
        answer[0] === 22 && answer[5] === 2 ? "hello" : answer[0] === 21 ? `alert ${answer[6]}` : "other",
      );
    });
    socket.on("error", () => settle("closed"));
    socket.on("close", () => settle("closed"));
  });
}

const ecdheGcm = 0xc02b;

/** Declares the tests of this part. */
export function tlsFloorTests(subject: NegotiationSubject): void {
  let certificates: Certificates;
  beforeAll(async () => {
    certificates = await makeCertificates();
  });
  const endpoints = new Endpoints(subject);
  afterEach(() => endpoints.close());

  /** What the listener of a negotiated session, which asks for a certificate, says to a hello. */
  async function said(
    bytes: Uint8Array,
    { cert, key }: Pick<Identity, "cert" | "key"> = certificates.selfSigned,
  ): Promise<string> {
    const tls = { cert, key, requestCert: true, rejectUnauthorized: false };
    const alice = await endpoints.make({ listenTls: tls, negotiator: { tls: { cert, key } } });
    alice.negotiator.createOffer();
    return await firstWord(alice.listener?.uri.port ?? 0, subject.host, bytes);
  }

  test("RFC 8996 §1.1: TLS 1.2 is the floor: 1.2 is spoken, 1.1 and 1.0 are refused, with nothing to fall back to [8996-1.1-01]", async () => {
    expect(await said(hello(0x0301, 0x0303, [ecdheGcm]))).toBe("hello");
    // The alert that says why (RFC 8996 §5) is the transport suite's to look for.
    for (const old of [0x0302, 0x0301]) {
      expect(["alert 70", "closed"]).toContain(await said(hello(0x0301, old, [0xc009, 0xc00a])));
    }
  });

  test("RFC 8996 §4: the version of the record layer of a ClientHello means nothing [8996-4-03]", async () => {
    for (const version of [0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x03ff])
      expect(await said(hello(version, 0x0303, [ecdheGcm]))).toBe("hello");
  });

  test("RFC 8122 §7: suites without encryption are refused [8122-7-01]", async () => {
    // ECDHE_ECDSA, ECDHE_RSA and RSA, each with NULL.
    const word = await said(hello(0x0301, 0x0303, [0xc006, 0xc010, 0x003b, 0x0002]));
    expect(["alert 40", "closed"]).toContain(word);
  });

  test("RFC 4975 §14.2: the suite that every endpoint shall have is there, but for Deno, whose TLS has no RSA key exchange [4975-14.2-03] [4976-T38]", async () => {
    const word = await said(hello(0x0301, 0x0303, [0x002f]), await makeRsaCertificate());
    if (subject.name === "deno") expect(["alert 40", "closed"]).toContain(word);
    else expect(word).toBe("hello");
  });
}
