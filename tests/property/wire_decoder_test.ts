// Properties of the decoder: how octets are cut never matters, what is written is what is read, and nothing that a
// stranger sends makes it throw anything but RemoteProtocolError, hold more than its limits, or hang.
import fc from "fast-check";
import { describe, expect, test } from "#test";
import { RemoteProtocolError } from "../../core/errors.ts";
import { joinBytes } from "../../core/wire/join_bytes.ts";
import {
  Decoder,
  type DecoderOptions,
  encodeRequest,
  encodeResponse,
  formatByteRange,
  MsrpUri,
  type OutgoingRequest,
} from "../../core/wire/mod.ts";
import { runs } from "../harness/runs.ts";
import { decode, fieldsOf, type Outcome, singly } from "../vectors/frame_fields.ts";

/** CI draws ten thousand cases, and may do so beside other work. */
const timeLimitMs = 900_000;
const idCharacters = "ABCxyz019.-+%=";
const anyId = fc
  .tuple(
    fc.constantFrom(..."Ab9"),
    fc.string({ unit: fc.constantFrom(...idCharacters), minLength: 3, maxLength: 31 }),
  )
  .map(([first, rest]) => first + rest);
const uris = [
  "msrp://a.example:7313/Ks83nqPz0w2LmA;tcp",
  "msrps://[2001:db8::1]:2855/hT5xV9eRy7uQ1c;tcp;x=1",
  "MSRP://192.0.2.1:9/a+b=c/;TCP",
  "msrps://relay.example;ws",
].map((text) => MsrpUri.parse(text));
const anyPath = fc.array(fc.constantFrom(...uris), { minLength: 1, maxLength: 4 });

/** Bodies that look like framing: pieces of end-lines of this and other ids, line ends, hyphens, and any octets. */
function anyBody(id: string, maxPieces = 12): fc.Arbitrary<Uint8Array> {
  const text = (value: string): Uint8Array => new TextEncoder().encode(value);
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .constantFrom(
        "\r\n",
        "\r",
        "\n",
        "-",
        "-------",
        `\r\n-------${id}`,
        `-------${id}\r\n`,
        `\r\n-------${id.slice(0, -1)}$\r\n`,
      )
      .map(text),
    fc.integer({ min: 1, max: 900 }).map((length) => new Uint8Array(length).fill(45)),
  );
  return fc.array(piece, { maxLength: maxPieces }).map(joinBytes);
}

const anyHeader = fc.constantFrom<readonly [string, string]>(
  ["X-Note", "caf\u00e9 \u2713"],
  ["Success-Report", "yes"],
  ["Failure-Report", "partial"],
  ["Use-Nickname", '"Al"'],
  ["X-Pad", "  blanks  "],
);

const anySend: fc.Arbitrary<OutgoingRequest> = anyId.chain((transactionId) =>
  fc
    .record({
      messageId: anyId,
      toPath: anyPath,
      fromPath: anyPath,
      extra: fc.uniqueArray(anyHeader, { maxLength: 3, selector: ([name]) => name }),
      start: fc.integer({ min: 1, max: 2 ** 40 }),
      ranged: fc.boolean(),
      body: fc.option(anyBody(transactionId), { nil: undefined }),
      flag: fc.constantFrom("$", "+", "#"),
      contentType: fc.constantFrom("text/plain", "message/cpim", 'text/plain;charset="utf-8"'),
    })
    .map(({ messageId, toPath, fromPath, extra, start, ranged, body, flag, contentType }) => ({
      transactionId,
      method: "SEND",
      toPath,
      fromPath,
      headers: [
        ["Message-ID", messageId],
        ...extra,
        ...(ranged ? [["Byte-Range", formatByteRange({ start })] as const] : []),
      ],
      ...(body === undefined ? {} : { body, contentType }),
      flag: flag as "$" | "+" | "#",
    })),
);

const anyFrame: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 5, arbitrary: anySend.map((request) => writeAnyhow(request)) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(anyId, fc.integer({ min: 100, max: 999 }), anyPath)
      .map(([transactionId, status, path]) =>
        encodeResponse({ transactionId, status, toPath: path, fromPath: path }),
      ),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(anyId, anyId, anyPath).map(([transactionId, messageId, path]) =>
      encodeRequest({
        transactionId,
        method: "REPORT",
        toPath: path,
        fromPath: path,
        headers: [
          ["Message-ID", messageId],
          ["Byte-Range", "1-5/5"],
          ["Status", "000 200 OK"],
        ],
      }),
    ),
  },
);

/** Writes a request even where its body holds its own end-line: a stranger may. */
function writeAnyhow(request: OutgoingRequest): Uint8Array {
  try {
    return encodeRequest(request);
  } catch {
    const { body: _, contentType: __, ...bodiless } = request;
    return encodeRequest(bodiless);
  }
}

/** Cuts octets at the given places. */
function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const borders = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...borders].map((start, index) => bytes.subarray(start, borders[index] ?? bytes.length));
}

function sevens(length: number): number[] {
  return Array.from({ length: Math.floor(length / 7) }, (_, index) => 7 * index);
}

/** An outcome without identities: what the layers above would see, slices joined. */
function seen(outcome: Outcome): unknown {
  return {
    frames: outcome.frames.map((frame, index) => [
      fieldsOf(frame, outcome.bodies[index]),
      frame.kind === "request" ? frame.fault?.code : undefined,
    ]),
    error: outcome.error?.code,
    dropped: outcome.dropped,
    oddities: outcome.oddities,
    truncated: outcome.truncated,
  };
}

/** Changes, removes or doubles a few octets of valid frames. */
const anyDamaged: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.array(anyFrame, { minLength: 1, maxLength: 3 }),
    fc.array(fc.tuple(fc.nat(), fc.constantFrom(0, 9, 10, 13, 32, 45, 58, 255, 65), fc.nat({ max: 2 })), {
      maxLength: 6,
    }),
  )
  .map(([frames, changes]) => {
    const bytes = [...joinBytes(frames)];
    for (const [place, octet, kind] of changes) {
      const at = place % bytes.length;
      if (kind === 0) bytes[at] = octet;
      else if (kind === 1) bytes.splice(at, 1);
      else bytes.splice(at, 0, octet);
    }
    return Uint8Array.from(bytes);
  });

// Small limits, so that cases reach them.
const narrow: DecoderOptions = {
  maxSliceBytes: 2048,
  maxStartLineBytes: 60,
  maxHeaderLineBytes: 200,
  maxHeadBytes: 600,
  maxHeaders: 6,
  maxPathUris: 3,
  maxNonSendBodyBytes: 64,
};

describe("RFC 4975 §9: the decoder", () => {
  test(
    "any cutting of the octets gives the same frames, faults and oddities [4975-9-23]",
    () => {
      fc.assert(
        fc.property(
          fc.oneof(fc.array(anyFrame, { minLength: 1, maxLength: 4 }).map(joinBytes), anyDamaged),
          fc.array(fc.nat(), { maxLength: 12 }),
          fc.constantFrom<DecoderOptions>({}, { strict: true }, narrow),
          (bytes, places, options) => {
            const whole = seen(decode([bytes], options));
            expect(seen(decode(cutAt(bytes, places), options))).toEqual(whole);
            // Long inputs in pieces of seven: octet by octet they would take most of the time.
            const small = bytes.length <= 1500 ? singly(bytes) : cutAt(bytes, sevens(bytes.length));
            expect(seen(decode(small, options))).toEqual(whole);
          },
        ),
        { numRuns: runs },
      );
    },
    timeLimitMs,
  );

  test(
    "what is written is read back, to the last octet [4975-9-20]",
    () => {
      fc.assert(
        fc.property(anySend, (request) => {
          let bytes: Uint8Array;
          try {
            bytes = encodeRequest(request);
          } catch (error) {
            expect((error as { code: string }).code).toBe("end-line-in-body");
            return;
          }
          const outcome = decode([bytes], { strict: true });
          expect(outcome.frames.length).toBe(1);
          const [frame] = outcome.frames;
          if (frame?.kind !== "request") throw new Error("A response came out of a request");
          expect(frame.fault).toBe(undefined);
          expect(
            encodeRequest({
              transactionId: frame.transactionId,
              method: frame.method,
              toPath: frame.toPath,
              fromPath: frame.fromPath,
              headers: [...frame.headers].filter(([name]) => name !== "Content-Type"),
              contentType: frame.contentType,
              body: outcome.bodies[0],
              flag: frame.flag,
            }),
          ).toEqual(bytes);
        }),
        { numRuns: runs },
      );
    },
    timeLimitMs,
  );

  test(
    "random and damaged octets throw RemoteProtocolError or nothing [4975-9-26]",
    () => {
      fc.assert(
        fc.property(
          fc.oneof(
            fc.uint8Array({ maxLength: 400 }),
            anyDamaged,
            fc
              .uint8Array()
              .map((tail) => joinBytes([new TextEncoder().encode("MSRP abcd SEND\r\nTo-Path: "), tail])),
          ),
          fc.boolean(),
          (bytes, strict) => {
            const decoder = new Decoder({ strict });
            try {
              decoder.receive(bytes, (frame) => {
                // Every accessor must work, or give nothing, on whatever was let through.
                fieldsOf(frame, frame.kind === "request" ? frame.body : undefined);
              });
              decoder.receiveEnd();
            } catch (error) {
              expect(error).toBeInstanceOf(RemoteProtocolError);
              expect((error as RemoteProtocolError).fatal).toBe(true);
              expect(() => decoder.receive(bytes, () => undefined)).toThrow(error as Error);
            }
          },
        ),
        { numRuns: runs },
      );
    },
    timeLimitMs,
  );

  test(
    "slices have exact ranges and lengths between the limits, and join to the body",
    () => {
      fc.assert(
        fc.property(
          anyId.chain((id) => fc.tuple(fc.constant(id), anyBody(id, 40))),
          fc.array(fc.nat(), { maxLength: 20 }),
          fc.integer({ min: 1, max: 2 ** 50 }),
          ([transactionId, body], places, start) => {
            const bytes = writeAnyhow({
              transactionId,
              method: "SEND",
              toPath: uris,
              fromPath: uris,
              headers: [
                ["Message-ID", "m.slices"],
                ["Byte-Range", `${start}-*/*`],
              ],
              contentType: "text/plain",
              body,
            });
            let next = start;
            const lengths: number[] = [];
            const decoder = new Decoder({ maxSliceBytes: 2048 });
            for (const piece of cutAt(bytes, places)) {
              decoder.receive(piece, (frame) => {
                if (frame.kind !== "request" || frame.body === undefined) return;
                expect(frame.first).toBe(lengths.length === 0);
                expect(frame.flag).toBe(frame.last ? "$" : "+");
                if (!(frame.first && frame.last)) {
                  expect(frame.byteRange).toEqual({ start: next, end: next + frame.body.length - 1 });
                }
                next += frame.body.length;
                lengths.push(frame.body.length);
              });
            }
            for (const [index, length] of lengths.entries()) {
              expect(length).toBeLessThanOrEqual(2048);
              if (index < lengths.length - 1) expect(length).toBeGreaterThanOrEqual(2048);
              else if (index > 0) expect(length).toBeGreaterThan(0);
            }
          },
        ),
        { numRuns: runs },
      );
    },
    timeLimitMs,
  );
});
