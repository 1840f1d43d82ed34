// cpim(), imdn() and isComposing() in sessions that were negotiated by SDP: what accept-types and accept-wrapped-types say
// decides what goes out wrapped, bare or not at all.
import { describe, expect, test } from "#test";
import {
  composingOf,
  cpim,
  cpimOf,
  type ImdnSession,
  imdn,
  imdnOf,
  isComposing,
} from "../../../plugins/mod.ts";
import { memoryNegotiation } from "../../support/memory_subject.ts";
import { Endpoints, exchange, sessionsOf } from "../../support/negotiation.ts";
import { settle } from "../../support/nodes.ts";

const endpoints = (): Endpoints => new Endpoints(memoryNegotiation());

describe("RFC 4975 §8.6: accept-wrapped-types", () => {
  test("each side sends wrapped or bare by what the other has listed [4975-13-02]", async () => {
    const all = endpoints();
    const phone = await all.make({ negotiator: { preset: "rcs" } });
    const desk = await all.make({
      negotiator: { acceptTypes: ["text/plain", "message/cpim"], acceptWrappedTypes: ["image/png"] },
    });
    for (const { app } of [phone, desk]) app.use(cpim());
    const exchanged = await exchange(phone.negotiator, desk.negotiator);
    // The order of accept-types is the caller's, and who prefers message/cpim has it first.
    expect(exchanged.offer).toContain("a=accept-types:message/cpim ");
    expect(exchanged.answer).toContain("a=accept-types:text/plain message/cpim");
    expect(exchanged.offer).toContain("a=accept-wrapped-types:multipart/mixed text/plain message/imdn+xml");
    expect(exchanged.answer).toContain("a=accept-wrapped-types:image/png");
    const [fromPhone, fromDesk] = await sessionsOf(exchanged);
    const seen: string[] = [];
    for (const { app } of [phone, desk]) {
      app.onMessage((message) => void seen.push(`${message.contentType} ${cpimOf(message)?.contentType}`));
    }
    await fromDesk.send("to the phone").accepted;
    await fromPhone.send("to the desk").accepted;
    await fromPhone.send(Uint8Array.of(1), { contentType: "image/png" }).accepted;
    expect(seen).toEqual([
      "message/cpim text/plain;charset=utf-8",
      "text/plain;charset=utf-8 undefined",
      "message/cpim image/png",
    ]);
    expect(() => fromPhone.send("<a/>", { contentType: "text/html" })).toThrow("the peer does not take it");
    expect(() => fromDesk.send(Uint8Array.of(1), { contentType: "image/png" })).toThrow(
      "the peer does not take it",
    );
    await all.close();
  });

  test("two phones: messages in CPIM, notifications inside it, typing indications bare [PX-SDP-07]", async () => {
    const all = endpoints();
    const states: string[] = [];
    const types: string[] = [];
    const phones = [];
    for (const name of ["one", "two"]) {
      const phone = await all.make({ negotiator: { preset: "rcs" } });
      phone.app.use(
        cpim(),
        imdn({ request: ["positive-delivery", "display"], anonymous: true }),
        isComposing({ onChange: ({ from, state }) => void states.push(`${name} ${from?.uri} ${state}`) }),
      );
      phone.app.tap("settled", ({ frame }) => {
        if (frame.contentType !== undefined) types.push(frame.contentType);
      });
      phones.push(phone);
    }
    const [one, two] = phones as [(typeof phones)[0], (typeof phones)[0]];
    two.app.onMessage((message, session) => void imdnOf(session)?.displayed(cpimOf(message)));
    const [session] = await sessionsOf(await exchange(one.negotiator, two.negotiator));
    composingOf(session)?.typing();
    await settle();
    const sent = session.send("hello");
    await (imdnOf(session) as ImdnSession).track(sent.messageId)?.displayed;
    await settle();
    expect(states).toEqual(["two undefined active", "two undefined idle"]);
    expect(types.sort()).toEqual([
      "application/im-iscomposing+xml",
      "message/cpim",
      "message/cpim",
      "message/cpim",
    ]);
    expect([one.errors, two.errors]).toEqual([[], []]);
    await all.close();
  });
});
