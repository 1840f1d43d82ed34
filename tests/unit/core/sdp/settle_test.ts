// The two halves of an exchange, as functions: what becomes of each m= line, and why.
import { describe, expect, test } from "#test";
import { SessionDescription } from "../../../../core/sdp/mod.ts";
import { type AnswerContext, type Settled, settleAnswer, settleOffer } from "../../../../core/sdp/settle.ts";
import { otherSlot, type Slot, streamSlot } from "../../../../core/sdp/slots.ts";
import { newStream, type StreamOptions } from "../../../../core/sdp/stream.ts";
import { codeOf, type StreamText, sdp, stream } from "./texts.ts";

const audio = "m=audio 49170 RTP/AVP 0\r\n";
const read = (...streams: string[]): SessionDescription => SessionDescription.parse(sdp(streams));
const defaults: StreamOptions = { host: "198.51.100.20", port: 12_051 };

/** Answers an offer of these streams. */
function answer(streams: string[], changes: Partial<AnswerContext> = {}, before: Slot[] = []): Settled {
  let count = 0;
  const context: AnswerContext = {
    defaults,
    sessionId: () => `S${++count}`,
    signallingTrusted: true,
    resolved: undefined,
    decide: undefined,
    other: undefined,
    ...changes,
  };
  return settleOffer(read(...streams), before, context);
}

/** The code with which the only stream of an offer is refused. */
function refusalOf(options: StreamText, ours: StreamOptions = defaults): string | undefined {
  return answer([stream(options)], { defaults: ours }).refused[0]?.code;
}

describe("answering", () => {
  test("RFC 3264 §6, §8.2: m= lines keep number and order; other media and port 0 get port 0 [3264-8-06]", () => {
    const settled = answer([audio, stream(), stream({ port: 0 })]);
    expect(settled.slots.map((slot) => slot.kind)).toEqual(["text", "stream", "text"]);
    expect(settled.refused).toEqual([{ index: 0, code: "other-media" }]);
    expect(settled.media.map(({ index }) => index)).toEqual([1]);
    const other = answer([audio], { other: ({ text }) => text.replace("49170", "5") });
    expect(other.slots[0]).toMatchObject({ kind: "text", line: { port: 5 } });
  });

  test("RFC 4975 §8.6, RFC 3264 §6.1: nothing in common refuses the stream [3264-6-07]", () => {
    expect(refusalOf({ types: "text/plain" }, { ...defaults, acceptTypes: ["message/cpim"] })).toBe(
      "no-common-type",
    );
    expect(
      refusalOf(
        { types: "text/plain" },
        { ...defaults, acceptTypes: ["message/cpim"], sendTypes: ["text/plain"] },
      ),
    ).toBe(undefined);
  });

  test("RFC 4975 §5.4: TLS as the offer has it, and no other way if options say so", () => {
    expect(refusalOf({}, { ...defaults, secure: true })).toBe("tls-required");
    expect(refusalOf({ proto: "TCP/TLS/MSRP" }, { ...defaults, secure: false })).toBe("tls-unwanted");
    expect(String(answer([stream({ proto: "TCP/TLS/MSRP" })]).media[0]?.localUri)).toBe(
      "msrps://198.51.100.20:12051/S1;tcp",
    );
  });

  test("RFC 6714 §4.3: c= and m= unlike the path, without CEMA: refused, unless CEMA is switched off", () => {
    const moved = { path: "msrp://192.0.2.99:7313/K;tcp" };
    expect(refusalOf(moved)).toBe("address-mismatch");
    expect(refusalOf(moved, { ...defaults, cema: false })).toBe(undefined);
    expect(refusalOf({ path: "msrp://alice.example:7313/K;tcp" })).toBe("address-mismatch");
    const resolved = answer([stream({ path: "msrp://alice.example:7313/K;tcp" })], {
      resolved: () => ["192.0.2.10"],
    });
    expect(resolved.refused).toEqual([]);
  });

  test("RFC 6135 §4.2.2: who cannot listen cannot answer passive", () => {
    expect(refusalOf({}, { host: "198.51.100.20" })).toBe("cannot-listen");
    const [media] = answer([stream({ more: ["a=setup:actpass"] })], {
      defaults: { host: "198.51.100.20" },
    }).media;
    expect([media?.role, String(media?.localUri)]).toEqual(["active", "msrp://198.51.100.20:9/S1;tcp"]);
    expect(media?.connectTo).toMatchObject({ host: "192.0.2.10", port: 7313 });
  });

  test("each stream may be declined, or get options of its own", () => {
    const settled = answer([stream(), stream()], {
      decide: ({ index }) => (index === 0 ? "reject" : { maxSize: 5, direction: "recvonly" }),
    });
    expect(settled.refused).toEqual([{ index: 0, code: "declined" }]);
    expect(settled.media[0]).toMatchObject({ index: 1, maxSize: 5, direction: "recvonly" });
  });

  test("RFC 3264 §8.2: an offer cannot lose m= lines", () => {
    expect(codeOf(() => answer([stream()], {}, [otherSlot(audio), otherSlot(audio)]))).toBe("media-count");
  });

  test("a stream that must now listen gets a URI with a real port; one that is bound keeps its own", () => {
    const first = answer([stream({ more: ["a=setup:actpass"] })], { defaults: { host: "198.51.100.20" } });
    const before = [...first.slots];
    const again = answer([stream()], { defaults: { host: "198.51.100.20" } }, before);
    expect(again.media[0]).toMatchObject({ role: "passive", continued: true });
    const moved = answer(
      [stream({ path: "msrp://192.0.2.10:7313/new;tcp" })],
      { decide: () => ({ port: 12_051 }) },
      before,
    );
    expect(moved.media[0]?.localUri.port).toBe(12_051);
    expect(moved.media[0]?.continued).toBe(false);
  });
});

describe("taking an answer", () => {
  const ours = streamSlot(newStream({ host: "192.0.2.10", port: 7313, secure: false }, "K"));
  const offer = stream({ more: ["a=setup:actpass", "a=msrp-cema"] });
  const take = (answered: string, slots: Slot[] = [ours]): Settled =>
    settleAnswer(
      read(...slots.map((slot) => (slot.kind === "text" ? slot.text : offer))),
      read(...(slots.length === 1 ? [answered] : [answered, "m=audio 0 RTP/AVP 0\r\n"])),
      slots,
      {
        resolved: undefined,
        signallingTrusted: true,
      },
    );

  test("an accepted stream is settled, a refused one is gone and needs no more", () => {
    expect(take(stream({ port: 12_051 })).media[0]).toMatchObject({ role: "active", index: 0 });
    const refused = take(stream({ port: 0 }));
    expect([refused.refused, refused.needsOffer, refused.slots[0]?.kind]).toEqual([
      [{ index: 0, code: "rejected" }],
      false,
      "text",
    ]);
  });

  test("RFC 6714 §4.2: a middlebox without CEMA asks for a new offer, which has none", () => {
    const settled = take(stream({ path: "msrp://198.51.100.20:1/x;tcp", more: ["a=setup:active"] }));
    expect(settled.needsOffer).toBe(true);
    expect(settled.refused).toEqual([{ index: 0, code: "new-offer-without-cema" }]);
    const [slot] = settled.slots;
    expect(slot?.kind === "stream" && slot.stream.options.cema).toBe(false);
  });

  test("a stream that was answered wrongly is ended by the next offer", () => {
    const settled = take(stream({ more: ["a=setup:actpass"] }));
    expect([settled.refused[0]?.code, settled.needsOffer, settled.media.length]).toEqual([
      "setup-conflict",
      true,
      0,
    ]);
  });

  test("sections of other stacks that were refused are gone too", () => {
    const settled = take(stream({ port: 12_051 }), [ours, otherSlot(audio)]);
    expect(settled.slots[1]).toMatchObject({ kind: "text", line: { port: 0 } });
  });
});
