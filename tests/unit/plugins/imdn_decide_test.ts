// Which notification an event leads to, and the message that carries it.
// The decisions themselves are in the vectors; here is what these leave out.
import { describe, expect, test } from "#test";
import { buildCpim } from "../../../plugins/_cpim_build.ts";
import type { CpimHead } from "../../../plugins/_cpim_head.ts";
import { parseCpim } from "../../../plugins/_cpim_parse.ts";
import type { CpimFields } from "../../../plugins/_cpim_types.ts";
import {
  buildNotification,
  decideImdn,
  type ImdnDraft,
  imdnMessageId,
  imdnRequests,
  isAnonymous,
  isNotification,
  routeImdn,
  sameUri,
} from "../../../plugins/_imdn_decide.ts";
import { parseImdn } from "../../../plugins/_imdn_document.ts";

const namespace = "urn:ietf:params:imdn";

function headOf(asked: string, change: Partial<CpimFields> = {}): CpimHead {
  const headers = [
    { namespace, name: "Message-ID", value: "id1" },
    { namespace, name: "Disposition-Notification", value: asked },
  ];
  const fields = { from: "sip:a@b.example", to: "sip:c@d.example", headers, contentType: "text/plain" };
  return parseCpim(buildCpim({ ...fields, dateTime: "2024-05-01T10:00:00Z", ...change }, "x")).head;
}

describe("decideImdn()", () => {
  test("RFC 5438 §10: blanks and parameters do not matter, unknown words neither [DN-REQ-09] [DN-REQ-10]", () => {
    expect(imdnRequests(headOf("display ; a=b ,future,positive-delivery"))).toEqual([
      "positive-delivery",
      "display",
    ]);
    expect([imdnRequests(headOf("")), imdnMessageId(headOf(""))]).toEqual([[], "id1"]);
  });

  test("each event needs its own request", () => {
    const words = {
      delivered: "positive-delivery",
      failed: "negative-delivery",
      displayed: "display",
    } as const;
    for (const [event, word] of Object.entries(words) as ["delivered", "positive-delivery"][]) {
      const others = Object.values(words).filter((other) => other !== word);
      expect(decideImdn(headOf(word), event)?.status).toBe(event);
      expect(decideImdn(headOf([...others, "processing"].join(",")), event)).toBe(undefined);
    }
    const processed = decideImdn(headOf("processing"), "processed", { role: "intermediary" });
    expect([processed?.type, processed?.status]).toEqual(["processing", "processed"]);
  });

  test("without DateTime the time of arrival stands for it, or nothing is sent [DN-BLD-19]", () => {
    const head = headOf("display", { dateTime: undefined });
    expect(decideImdn(head, "displayed")).toBe(undefined);
    expect(decideImdn(head, "displayed", { receivedAt: "2024-05-02T00:00:00Z" })?.datetime).toBe(
      "2024-05-02T00:00:00Z",
    );
  });

  test("policies: forbidden, silence, and anonymous senders when that is wanted", () => {
    const head = headOf("display", { from: "sip:x@anonymous.invalid" });
    expect(decideImdn(head, "displayed")).toBe(undefined);
    expect(decideImdn(head, "displayed", { anonymous: true, policy: "forbid" })?.status).toBe("forbidden");
    expect(decideImdn(head, "displayed", { anonymous: true, policy: "silent" })).toBe(undefined);
    expect(decideImdn(head, "displayed", { anonymous: true, policy: Promise.resolve("send") as never })).toBe(
      undefined,
    );
  });

  test("an aggregate is a notification too, other multiparts are not", () => {
    const disposition: [string, string][] = [["Content-Disposition", "notification"]];
    const contentType = "multipart/mixed; boundary=a";
    expect(isNotification(headOf("", { contentType, mimeHeaders: disposition }))).toBe(true);
    expect([isNotification(headOf("", { contentType })), isNotification(headOf(""))]).toEqual([false, false]);
  });
});

describe("buildNotification()", () => {
  test("RFC 5438 §7.2.1: a fresh id, the routes, notification as disposition, and the document [DN-BLD-01] [DN-BLD-02] [DN-BLD-03] [DN-BLD-04] [DN-BLD-10] [DN-BLD-11]", () => {
    const draft = decideImdn(headOf("display", { subject: "lunch" }), "displayed") as ImdnDraft;
    const octets = buildNotification({ ...draft, routes: ["sip:s@e.example"] }, "sip:c@d.example");
    const { head, body } = parseCpim(octets, { mode: "msrp" });
    expect([head.from?.uri, head.to[0]?.uri, head.contentType]).toEqual([
      "sip:c@d.example",
      "sip:a@b.example",
      "message/imdn+xml",
    ]);
    expect([head.mimeHeader("content-disposition"), head.value(namespace, "IMDN-Route")]).toEqual([
      "notification",
      "<sip:s@e.example>",
    ]);
    expect([head.value(namespace, "Disposition-Notification"), imdnMessageId(head) === "id1"]).toEqual([
      undefined,
      false,
    ]);
    expect(parseImdn(body)).toEqual({
      messageId: "id1",
      datetime: "2024-05-01T10:00:00Z",
      type: "display",
      status: "displayed",
      recipientUri: "sip:c@d.example",
      originalRecipientUri: "sip:c@d.example",
      subject: "lunch",
    });
    const again = parseCpim(buildNotification(draft, "sip:c@d.example")).head;
    expect(imdnMessageId(again)).not.toBe(imdnMessageId(head));
  });
});

describe("addresses", () => {
  test("RFC 5438 §8: an intermediary takes itself from the top of the route [DN-MID-03]", () => {
    const [own, next, to] = ["sip:s1@e.example", "sip:s2@e.example", "sip:a@b.example"];
    expect(routeImdn(own, [own, next], to)).toEqual({ routes: [next], next });
    expect(routeImdn(own, [next], to)).toEqual({ routes: [next], next });
    expect(routeImdn(own, [], to)).toEqual({ routes: [], next: to });
  });

  test("are the same in other letters and with parameters; the user part counts", () => {
    expect(sameUri("SIP:bo@Example.NET;transport=tcp", "sip:bo@example.net?x=y")).toBe(true);
    expect([sameUri("sip:Bo@example.net", "sip:bo@example.net"), sameUri("tel:+1", "tel:+2")]).toEqual([
      false,
      false,
    ]);
  });

  test("RFC 3323 §4.1.1.3: lead to nobody below .invalid", () => {
    const anonymous = ["sip:anonymous@anonymous.invalid", "sips:x@y.INVALID:5060;a=b", "sip:host.invalid"];
    expect(anonymous.map(isAnonymous)).toEqual([true, true, true]);
    const known = ["sip:a@b.example", "sip:a.invalid@b.example", "tel:+1", "sip:a@invalid.example", ""];
    expect(known.map(isAnonymous)).toEqual([false, false, false, false, false]);
  });
});
