// Properties of CPIM and the documents in it: what is written is read back, whatever comes in ends in a result or in the one
// documented error, pieces make no difference, and time grows with length alone.
import fc from "fast-check";
import { describe, expect, test } from "#test";
import { RemoteProtocolError } from "../../core/mod.ts";
import { wellFormed } from "../../plugins/_cpim_text.ts";
import {
  buildComposing,
  buildCpim,
  buildImdn,
  type Cpim,
  type CpimFields,
  type CpimMode,
  CpimReader,
  cpimText,
  decideImdn,
  parseComposing,
  parseCpim,
  parseImdn,
  parseImdnAggregate,
} from "../../plugins/codecs.ts";
import { runs } from "../harness/runs.ts";

const modes: readonly CpimMode[] = ["cpim", "msrp", "lenient"];
const trimmed = (text: string): string => wellFormed(text).replace(/^ +| +$/g, "");
const anyText = fc.string({ unit: "binary", maxLength: 40 }).map(trimmed);
const name = fc.string({ unit: fc.constantFrom(..."abcXYZ019-_!'"), minLength: 1, maxLength: 10 });
const uri = fc.constantFrom(
  "sip:a@b.example",
  "tel:+15550100",
  "im:x@[2001:db8::1]",
  "urn:x:y",
  "mailto:a%20b@c",
);
const address = fc.record({ display: fc.option(anyText, { nil: undefined }), uri });
const header = fc.record({
  namespace: fc.constantFrom("urn:a", "urn:ietf:params:imdn", "http://x/y"),
  name,
  value: anyText,
});
const fields: fc.Arbitrary<CpimFields> = fc.record({
  from: address,
  to: fc.array(address, { minLength: 1, maxLength: 3 }),
  cc: fc.array(address, { maxLength: 2 }),
  dateTime: fc.option(
    fc.date({ noInvalidDate: true, min: new Date("0001-01-01"), max: new Date("9999-12-31") }),
    {
      nil: undefined,
    },
  ),
  subject: fc.option(
    fc.record({ text: anyText, lang: fc.option(fc.constantFrom("de", "pt-BR"), { nil: undefined }) }),
    { nil: undefined },
  ),
  headers: fc.array(header, { maxLength: 5 }),
  require: fc.array(fc.record({ namespace: fc.constantFrom("urn:a", "urn:b"), name }), { maxLength: 2 }),
  contentType: fc.constantFrom("text/plain", 'text/plain; charset="utf-8"', "image/png"),
});

/** Pieces out of which CPIM messages, and what nearly is one, come together often. */
const nearly = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          "From: <sip:a@b>\r\n",
          "To: <sip:c@d>\r\n",
          "\r\n",
          "\n",
          "\r",
          " ",
          "\t",
          ":",
          ";",
          "NS: p <urn:x>\r\n",
        ],
        ...[
          "p.Name: v\r\n",
          "Content-Type: text/plain\r\n",
          "Subject:;lang=",
          '"',
          "\\",
          "\\u00",
          "<",
          ">",
          "imdn.",
        ],
        ...[
          "Require: a,b\r\n",
          "DateTime: 2024-01-01T00:00:00Z\r\n",
          "\u00e9",
          "\0",
          "Content-Transfer-Encoding: base64\r\n",
        ],
      ),
      fc.string({ unit: "binary", maxLength: 6 }),
    ),
    { maxLength: 40 },
  )
  .map((pieces) => new TextEncoder().encode(pieces.join("")));
const octets = fc.oneof(nearly, fc.uint8Array({ maxLength: 300 }));

function outcome<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    if (error instanceof RemoteProtocolError) return error.code;
    throw error;
  }
}

describe("CPIM", () => {
  test("what is written is read back, strictly and without a warning", () => {
    fc.assert(
      fc.property(fields, fc.uint8Array({ maxLength: 50 }), (given, content) => {
        const written = buildCpim(given, content);
        for (const mode of modes) {
          const { head, body } = parseCpim(written, { mode });
          const plain = ({ display, uri }: { display?: string | undefined; uri: string }): unknown => [
            display === "" ? undefined : display,
            uri,
          ];
          expect(body).toEqual(content);
          expect(plain(head.from ?? { uri: "" })).toEqual(plain(given.from as { uri: string }));
          expect(head.to.map(plain)).toEqual((given.to as { uri: string }[]).map(plain));
          expect(head.cc.map(plain)).toEqual((given.cc as { uri: string }[]).map(plain));
          expect(head.date?.getTime()).toBe((given.dateTime as Date | undefined)?.getTime());
          expect(head.subjects).toEqual(given.subject === undefined ? [] : [given.subject]);
          expect(head.require).toEqual(given.require);
          expect(head.extensions.map(({ namespace, name, value }) => ({ namespace, name, value }))).toEqual(
            given.headers,
          );
          expect([head.contentType, head.warnings, head.contentStart]).toEqual([
            given.contentType,
            [],
            written.length - content.length,
          ]);
        }
      }),
      { numRuns: runs },
    );
  });

  test("whatever comes in, each mode gives a message or the documented error; pieces make no difference", () => {
    const seen = (result: Cpim | string): unknown =>
      typeof result === "string"
        ? result
        : [result.head.headers, result.head.mimeHeaders, result.head.warnings, result.head.contentStart];
    fc.assert(
      fc.property(octets, fc.integer({ min: 1, max: 40 }), (input, size) => {
        for (const mode of modes) {
          const whole = outcome(() => parseCpim(input, { mode }));
          const reader = new CpimReader({ mode });
          const cut = outcome(() => {
            for (let at = 0; at < input.length; at += size) {
              const head = reader.push(input.subarray(at, at + size));
              if (head !== undefined) return { head, body: input.subarray(head.contentStart) };
            }
            const head = reader.end();
            return { head, body: input.subarray(head.contentStart) };
          });
          expect(seen(cut)).toEqual(seen(whole));
          if (typeof whole !== "string") {
            cpimText(whole.head, whole.body);
            decideImdn(whole.head, "displayed");
          }
        }
        // What a strict reader takes, a lenient one takes too.
        const strict = outcome(() => parseCpim(input, { mode: "msrp" }));
        if (typeof strict !== "string") expect(typeof outcome(() => parseCpim(input))).toBe("object");
      }),
      { numRuns: runs },
    );
  });

  test("time grows with length, not with its square", () => {
    const repeats = [
      "Subject: a\r\n b\r\n",
      "NS: p <urn:x>\r\n",
      "z.Name: v\r\n",
      "X:  \\u0041\\\\ \r\n",
      "To: <<<<<<<<\r\n",
      'From: "\\"\\"\\"\\"\r\n',
      "   \t  \t",
      ";a=b",
      "Require: a,b,c,d\r\n",
      "=\r\n= ",
    ];
    const time = (text: string): number => {
      const input = new TextEncoder().encode(
        `From: <sip:a@b>\r\nTo: <sip:c@d>\r\n${text}\r\n\r\nContent-Type: a/b\r\n\r\n`,
      );
      const begin = performance.now();
      outcome(() => parseCpim(input, { maxHeadBytes: 1_000_000, maxHeaders: 1_000_000 }));
      return performance.now() - begin;
    };
    for (const repeat of repeats) {
      const count = Math.floor(200_000 / repeat.length);
      for (const text of [repeat.repeat(count), `X: ${repeat.replaceAll("\r\n", "").repeat(count)}`]) {
        time(text); // warm
        // A square would take minutes here.
        expect([repeat, time(text) < 2000]).toEqual([repeat, true]);
      }
    }
  });
});

describe("documents", () => {
  const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 }).map((text) => text.trim() || "x");

  test("notifications and statuses are read back as they were written", () => {
    fc.assert(
      fc.property(
        word,
        word,
        uri,
        word,
        fc.integer({ min: 1, max: 1_000_000 }),
        (id, date, recipientUri, subject, refresh) => {
          const notification = {
            messageId: id,
            datetime: date,
            type: "display",
            status: "displayed",
            recipientUri,
            originalRecipientUri: recipientUri,
            subject,
          } as const;
          expect(parseImdn(new TextEncoder().encode(buildImdn(notification)))).toEqual(notification);
          const status = { state: "active", lastActive: date, contentType: subject, refresh } as const;
          expect(parseComposing(new TextEncoder().encode(buildComposing(status)))).toMatchObject(status);
        },
      ),
      { numRuns: runs },
    );
  });

  test("whatever comes in ends in a document or in the documented error", () => {
    const pieces = fc
      .array(
        fc.oneof(
          fc.constantFrom(
            ...[
              '<imdn xmlns="urn:ietf:params:xml:ns:imdn">',
              "</imdn>",
              "<status>",
              "</status>",
              "<!--",
              "-->",
              "&lt;",
              "&e;",
            ],
            ...[
              '<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing">',
              "</isComposing>",
              "<state>active</state>",
              "<!DOCTYPE a>",
            ],
            ...[
              "<message-id>a</message-id>",
              "<datetime>b</datetime>",
              "<display-notification>",
              "</display-notification>",
            ],
            ...[
              "<displayed/>",
              "<![CDATA[",
              "]]>",
              "<?xml version='1.0'?>",
              "xmlns:p='urn:x'",
              "<p:x/>",
              "\r\n--b\r\n",
              "__proto__",
            ],
          ),
          fc.string({ unit: "binary", maxLength: 5 }),
        ),
        { maxLength: 20 },
      )
      .map((all) => new TextEncoder().encode(all.join("")));
    fc.assert(
      fc.property(fc.oneof(pieces, fc.uint8Array({ maxLength: 200 })), (input) => {
        for (const read of [
          parseImdn,
          parseComposing,
          (body: Uint8Array) => parseImdnAggregate("multipart/mixed;boundary=b", body),
        ]) {
          const result: unknown = outcome(() => read(input));
          expect(["string", "object"]).toContain(typeof result);
        }
      }),
      { numRuns: runs },
    );
  });

  test("the largest documents that are read take no time to speak of", () => {
    for (const repeat of ["<a>", "<a/>", "<!--", "&lt;", "&", "<a b='1' ", "<![CDATA[", " ", "]]>", "<"]) {
      const body = repeat.repeat(Math.floor(16_000 / repeat.length));
      for (const text of [body, `<imdn>${body}</imdn>`, `<imdn ${body}/>`]) {
        const begin = performance.now();
        outcome(() => parseImdn(new TextEncoder().encode(text)));
        expect([repeat, performance.now() - begin < 2000]).toEqual([repeat, true]);
      }
    }
  });
});
