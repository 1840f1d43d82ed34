// Several notifications in one multipart: written, read back, cut short, limited.
import { describe, expect, test } from "#test";
import { buildImdnAggregate, parseImdnAggregate } from "../../../plugins/_imdn_aggregate.ts";
import type { ImdnNotification } from "../../../plugins/_imdn_document.ts";
import { thrown } from "../../support/nodes.ts";

const notification = (recipientUri: string): ImdnNotification => ({
  messageId: "id1",
  datetime: "2024-05-01T10:00:00Z",
  type: "delivery",
  status: "delivered",
  recipientUri,
  originalRecipientUri: recipientUri,
  subject: undefined,
});
const all = ["sip:a@b.example", "sip:c@d.example", "sip:--imdn@e.example"].map(notification);

describe("aggregates", () => {
  test("RFC 5438 §8.3: are read back as they were written, also without their end [DN-MID-08]", () => {
    const { contentType, body } = buildImdnAggregate(all);
    expect(parseImdnAggregate(contentType, body)).toEqual(all);
    const text = new TextDecoder().decode(body);
    const cut = new TextEncoder().encode(text.slice(0, text.lastIndexOf("\r\n--")));
    expect(parseImdnAggregate(contentType, cut)).toEqual(all);
    const unix = new TextEncoder().encode(`preamble\n${text.replaceAll("\r\n", "\n")}epilogue`);
    expect(parseImdnAggregate(contentType, unix)).toEqual(all);
  });

  test("parts of other types are passed over, broken documents are not", () => {
    const type = 'multipart/mixed; boundary="b"';
    const read = (text: string): unknown => parseImdnAggregate(type, new TextEncoder().encode(text));
    expect(read("--b\r\nContent-Type: text/plain\r\n\r\nhi\r\n--bb\r\n--b\r\n\r\nx\r\n--b--\r\n")).toEqual(
      [],
    );
    expect([read(""), read("--b"), read("--b\r\n")]).toEqual([[], [], []]);
    expect(thrown(() => read("--b\r\nContent-Type: message/imdn+xml\r\n\r\n<imdn/>\r\n--b--"))).toMatchObject(
      {
        code: "wrong-namespace",
      },
    );
  });

  test("needs a boundary, and something to aggregate", () => {
    expect(thrown(() => parseImdnAggregate("multipart/mixed", new Uint8Array(0)))).toMatchObject({
      code: "missing-boundary",
    });
    expect(thrown(() => buildImdnAggregate([]))).toMatchObject({ code: "nothing-to-aggregate" });
  });

  test("as many as maxNotifications are read, one more is refused with 413", () => {
    const { contentType, body } = buildImdnAggregate(all);
    expect(parseImdnAggregate(contentType, body, { maxNotifications: 3 }).length).toBe(3);
    const error = thrown(() => parseImdnAggregate(contentType, body, { maxNotifications: 2 }));
    expect(error).toMatchObject({ code: "too-many-notifications", status: 413 });
  });
});
