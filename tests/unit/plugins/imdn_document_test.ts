// Notification documents: what is written is read back, in the form of the grammar.
// What is read of others is in the vectors.
import { describe, expect, test } from "#test";
import {
  buildImdn,
  type ImdnNotification,
  type ImdnType,
  imdnStatuses,
  parseImdn,
} from "../../../plugins/_imdn_document.ts";
import { thrown } from "../../support/nodes.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const notification: ImdnNotification = {
  messageId: "k3Jd82nQ",
  datetime: "2024-05-01T10:00:00Z",
  type: "delivery",
  status: "delivered",
  recipientUri: "sip:bo@example.net",
  originalRecipientUri: "sip:list@example.org",
  subject: "lunch & <more>",
};
const xmlns = 'xmlns="urn:ietf:params:xml:ns:imdn"';

describe("notification documents", () => {
  test("RFC 5438 §11: every type and status is read back as it was written [DN-BLD-15]", () => {
    for (const type of Object.keys(imdnStatuses) as ImdnType[]) {
      for (const status of imdnStatuses[type]) {
        const one = { ...notification, type, status };
        expect(parseImdn(bytes(buildImdn(one)))).toEqual(one);
      }
    }
    expect(() => buildImdn({ ...notification, status: "displayed" })).toThrow(RangeError);
    expect(() => buildImdn({ ...notification, status: "extension" })).toThrow(RangeError);
  });

  test("RFC 5438 §11.1.9: both recipients or none, in the order of the grammar [DN-DOC-05]", () => {
    const { recipientUri, originalRecipientUri, ...bare } = notification;
    expect(buildImdn({ ...bare, recipientUri })).toBe(
      `<?xml version="1.0" encoding="UTF-8"?><imdn ${xmlns}><message-id>k3Jd82nQ</message-id><datetime>2024-05-01T10:00:00Z</datetime><recipient-uri>${recipientUri}</recipient-uri><original-recipient-uri>${recipientUri}</original-recipient-uri><subject>lunch &amp; &lt;more&gt;</subject><delivery-notification><status><delivered/></status></delivery-notification></imdn>`,
    );
    expect(buildImdn({ ...bare, originalRecipientUri })).toContain(`<recipient-uri>${originalRecipientUri}<`);
    expect(buildImdn(bare)).not.toContain("recipient");
  });

  test("a status that is none, or two of them, is refused [DN-DOC-03]", () => {
    const document = (inside: string): Uint8Array =>
      bytes(`<imdn ${xmlns}><message-id>a</message-id><datetime>b</datetime>${inside}</imdn>`);
    const rows: [string, string][] = [
      ["<display-notification><status><delivered/></status></display-notification>", "bad-status"],
      ["<delivery-notification><status><delivered/><failed/></status></delivery-notification>", "bad-status"],
      ["<display-notification/><delivery-notification/>", "multiple-notifications"],
      ["<display-notification/>", "missing-status"],
    ];
    for (const [inside, code] of rows)
      expect(thrown(() => parseImdn(document(inside)))).toMatchObject({ code });
    expect(thrown(() => parseImdn(bytes("<imdn/>")))).toMatchObject({ code: "wrong-namespace", status: 400 });
    const headers = 'xmlns="urn:ietf:params:imdn"';
    expect(thrown(() => parseImdn(bytes(`<imdn ${headers}/>`)))).toMatchObject({ code: "wrong-namespace" });
  });
});
