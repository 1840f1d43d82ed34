// What the chat puts into messages, read back, and what other programs send instead of it.
// The octets in front of a file are what a resumed transfer depends on.
import { describe, expect, test } from "#test";
import {
  fileHead,
  isText,
  noticeType,
  readMessage,
  readStart,
  textMessage,
  wrapped,
} from "../../../../../samples/web_chat/client/content.ts";
import {
  readComposing,
  readNotice,
  writeComposing,
  writeNotice,
} from "../../../../../samples/web_chat/client/notices.ts";

const ends = { from: "im:alice@chat.example", to: "im:b%C3%B6b@chat.example" };
const at = Date.UTC(2026, 10, 23, 9, 41, 0, 250);

describe("messages", () => {
  test("RFC 3862, RFC 5438: a text comes back with its time, its id and what its sender wants to know", () => {
    const octets = textMessage(ends, "id-1", at, "Grüße\nzwei");
    const { text, noticeId, wants, ...rest } = readMessage(octets, "message/cpim");
    expect([text, noticeId, wants, rest.at]).toEqual([
      "Grüße\nzwei",
      "id-1",
      { delivered: true, displayed: true },
      at,
    ]);
    expect(isText(rest.contentType)).toBe(true);
  });

  test("a file's head is the same at each writing, and says where the octets begin", () => {
    const file = { name: "Größe 100%.png", type: "image/png" };
    const head = fileHead(ends, "id-2", at, file);
    expect(fileHead(ends, "id-2", at, file)).toBe(head);
    const octets = new TextEncoder().encode(head);
    const received = readStart(octets, "message/cpim");
    expect([received?.contentType, received?.contentStart, received?.fileName]).toEqual([
      "image/png",
      octets.length,
      file.name,
    ]);
    for (const cut of [0, 10, octets.length - 1])
      expect(readStart(octets.subarray(0, cut), "message/cpim")).toBe(undefined);
  });

  test("names are made safe", () => {
    const head = fileHead(ends, "id-3", at, { name: "..\\../etc/pass\u202ewd", type: "text/html" });
    expect(readStart(new TextEncoder().encode(head), "message/cpim")?.fileName).toBe("passwd");
  });

  test("what comes without CPIM is taken as it is, and wants no notice", () => {
    const text = readMessage(new TextEncoder().encode("plain"), "text/plain;charset=utf-8");
    expect([text.text, text.contentStart, text.noticeId, text.wants.displayed]).toEqual([
      "plain",
      0,
      undefined,
      false,
    ]);
    const file = readMessage(new Uint8Array(3), undefined, 'attachment; filename="a.bin"');
    expect([file.contentType, file.fileName, file.text]).toEqual(["application/octet-stream", "a.bin", ""]);
  });
});

describe("notices", () => {
  test("RFC 5438: delivered and displayed come back with the id of the message, and want no notice themselves", () => {
    for (const status of ["delivered", "displayed"] as const) {
      const octets = wrapped(ends, noticeType, writeNotice({ id: "a<&>b", status }, at));
      const received = readMessage(octets, "message/cpim");
      expect([received.contentType, received.noticeId]).toEqual([noticeType, undefined]);
      expect(readNotice(received.text)).toEqual({ id: "a<&>b", status });
    }
  });

  test("RFC 5438: every other word is none of ours", () => {
    const forbidden = writeNotice({ id: "x", status: "displayed" }, at).replace("<displayed", "<forbidden");
    expect(readNotice(forbidden.replace("</displayed", "</forbidden"))).toBe(undefined);
  });

  test("RFC 3994: typing holds for as long as it says", () => {
    expect(readComposing(writeComposing("active"))).toEqual({ state: "active", refresh: 60 });
    expect(readComposing(writeComposing("idle"))).toEqual({ state: "idle", refresh: undefined });
  });
});
