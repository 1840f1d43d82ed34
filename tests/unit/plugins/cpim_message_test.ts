// The view of a received CPIM message: what it gives, what it shares with other plugins, what it does with a stream.
// In a node it is tested with cpim().
import { describe, expect, test } from "#test";
import { Message, type MessageContext, type Session } from "../../../core/mod.ts";
import { buildCpim } from "../../../plugins/_cpim_build.ts";
import { CpimMessage, cpimOf, isCpim, sameView, viewOf } from "../../../plugins/_cpim_message.ts";
import type { CpimFields } from "../../../plugins/_cpim_types.ts";
import { rejection, thrown } from "../../support/nodes.ts";

const fields: CpimFields = {
  from: { display: "Ana", uri: "sip:a@b.example" },
  to: "sip:c@d.example",
  cc: ["sip:e@f.example"],
  dateTime: "2024-05-01T10:00:00Z",
  subject: { text: "Lunch", lang: "en" },
  contentType: "text/plain;charset=utf-8",
};

function contextOf(body: Uint8Array, pieces?: Uint8Array[], contentType = "Message/CPIM"): MessageContext {
  const kept = { messageId: "m1", contentType, headers: [] as never, session: {} as Session };
  const stream =
    pieces &&
    new ReadableStream<Uint8Array>({
      start(controller): void {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
  const message =
    stream === undefined
      ? new Message({ ...kept, mode: "memory", body })
      : new Message({ ...kept, mode: "stream", stream, total: body.length });
  return { message, contentType } as unknown as MessageContext;
}

const octets = buildCpim(fields, "one o'clock?");

describe("CpimMessage", () => {
  test("gives addresses, time, subject and content", async () => {
    const c = contextOf(octets);
    const view = viewOf(c, {}) as CpimMessage;
    expect(view instanceof CpimMessage).toBe(true);
    expect([view.from, view.to.length, view.cc[0]?.uri, view.subject, view.contentType]).toEqual([
      fields.from,
      1,
      "sip:e@f.example",
      "Lunch",
      "text/plain;charset=utf-8",
    ]);
    expect([view.dateTime, view.date?.getTime(), view.subjects]).toEqual([
      "2024-05-01T10:00:00Z",
      Date.UTC(2024, 4, 1, 10),
      [{ text: "Lunch", lang: "en" }],
    ]);
    expect([await view.text(), new TextDecoder().decode(view.body)]).toEqual([
      "one o'clock?",
      "one o'clock?",
    ]);
    expect(await new Response(view.stream()).text()).toBe("one o'clock?");
    expect(view.message).toBe(c.message);
  });

  test("is made once for a message, and found by it", () => {
    const c = contextOf(octets);
    expect(cpimOf(c.message)).toBe(undefined);
    const view = viewOf(c, {});
    expect([viewOf(c, {}), cpimOf(c.message)]).toEqual([view, view]);
    const other = contextOf(octets).message;
    sameView(other, view as CpimMessage);
    expect(cpimOf(other)).toBe(view as CpimMessage);
  });

  test("unwrap() gives the content as a message, with base64 undone", async () => {
    const encoded = buildCpim(
      { ...fields, mimeHeaders: [["Content-Transfer-Encoding", "base64"]] },
      "aGV5IQ==",
    );
    const view = viewOf(contextOf(encoded), {}) as CpimMessage;
    const inner = view.unwrap();
    expect([inner.messageId, inner.contentType, await inner.text()]).toEqual([
      "m1",
      "text/plain;charset=utf-8",
      "hey!",
    ]);
    expect(thrown(() => view.stream())).toMatchObject({ code: "transfer-encoding" });
    expect(new TextDecoder().decode(await view.bytes())).toBe("hey!");
  });

  test("of a stream the head is read ahead, however it is cut, and the octets stay the same", async () => {
    for (const size of [1, 7, 100, 1000]) {
      const pieces: Uint8Array[] = [];
      for (let at = 0; at < octets.length; at += size) pieces.push(octets.subarray(at, at + size));
      const c = contextOf(octets, pieces);
      const before = c.message;
      const view = await viewOf(c, {});
      expect([view?.from?.uri, c.message === before, view?.message === c.message]).toEqual([
        "sip:a@b.example",
        false,
        true,
      ]);
      expect(thrown(() => view?.body)).toMatchObject({ code: "body-not-in-memory" });
      const inner = view?.unwrap() as Message;
      expect([inner.contentType, await inner.text()]).toEqual(["text/plain;charset=utf-8", "one o'clock?"]);
      const again = contextOf(octets, pieces);
      await viewOf(again, {});
      expect(await again.message.bytes()).toEqual(octets);
    }
  });

  test("a stream that ends within the head, or is too long, is refused", async () => {
    const cut = viewOf(contextOf(octets, [octets.subarray(0, 20)]), {}) as Promise<CpimMessage>;
    expect(await rejection(cut)).toMatchObject({ code: "incomplete" });
    const long = viewOf(contextOf(octets, [octets]), { maxHeadBytes: 40 }) as Promise<CpimMessage>;
    expect(await rejection(long)).toMatchObject({ code: "cpim-head-too-large" });
    expect(thrown(() => viewOf(contextOf(octets), { maxHeadBytes: 40 }))).toMatchObject({ status: 413 });
  });

  test("what is no CPIM has no view [CP-SYN-43]", () => {
    expect(viewOf(contextOf(octets, undefined, "text/plain"), {})).toBe(undefined);
    expect([isCpim("MESSAGE/cpim; x=y"), isCpim("message/cpims"), isCpim(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
  });
});
