// contentFilter() in an endpoint, in an echo that streams and in a relay: what is refused, with which status, and what is
// changed. Senders are sessions of the toolkit, or raw peers of a relay.
import { describe, expect, test } from "#test";
import { memoryPair, settle } from "../../../adapters/memory.ts";
import type { Message, Session } from "../../../core/mod.ts";
import {
  type ContentFilterEvent,
  type ContentFilterOptions,
  type ContentScanner,
  contentFilter,
  type ScanVerdict,
} from "../../../plugins/content_filter.ts";
import { reassembly } from "../../../plugins/reassembly.ts";
import { Peer } from "../../../testing/wire.ts";
import { RelayBench, request } from "../../support/relay_bench.ts";
import { type NodePair, nodePair } from "./_pair.ts";

const png = new Uint8Array([
  0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52, 0, 0,
]);
const cpim = (type: string, body: string): string =>
  `From: <im:a@x>\r\nTo: <im:b@x>\r\n\r\nContent-Type: ${type}\r\n\r\n${body}`;
const multipart = (...parts: string[]): string =>
  `${parts.map((part) => `--cut\r\n${part}\r\n`).join("")}--cut--\r\n`;

type Content = [body: string | Uint8Array, type: string];

/** What became of messages: 200, or the status of the refusal. After a 415 a sender does not use a type again. */
async function fates(pair: NodePair, ...messages: Content[]): Promise<number[]> {
  const all: number[] = [];
  for (const [body, contentType] of messages) all.push(await fate(await pair.connect(), body, contentType));
  return all;
}

function fate(
  session: Session,
  body: string | Uint8Array,
  contentType: string,
  chunkBytes?: number,
): Promise<number> {
  const sent = session.send(body, { contentType, ...(chunkBytes === undefined ? {} : { chunkBytes }) });
  return sent.accepted.then(
    () => 200,
    (error: { status: number }) => error.status,
  );
}

/** An endpoint that filters, with what came through and what the audit heard. */
async function endpoint(options: ContentFilterOptions) {
  const audit: string[] = [];
  const filter = contentFilter({
    ...options,
    onFinding: ({ rule, action, status, detail }: ContentFilterEvent) =>
      void audit.push(`${rule} ${action} ${status} ${detail}`),
  });
  const pair = nodePair([filter]);
  const texts: string[] = [];
  pair.receiver.onMessage(async (message: Message) => void texts.push(await message.text()));
  const session = await pair.connect();
  return { pair, session, texts, audit, filter };
}

/** A scanner whose verdicts the test gives. */
class Scanner implements ContentScanner {
  readonly scanned: string[] = [];
  aborted = 0;
  verdict: (text: string) => Promise<ScanVerdict> = async (text) => ({
    infected: text.includes("virus"),
    name: "Test",
  });

  open() {
    let text = "";
    return {
      write: (bytes: Uint8Array): void => void (text += new TextDecoder().decode(bytes)),
      finish: (): Promise<ScanVerdict> => {
        this.scanned.push(text);
        return this.verdict(text);
      },
      abort: (): void => void this.aborted++,
    };
  }
}

describe("contentFilter()", () => {
  test("refuses options that are unknown or wrong", () => {
    const wrong: [unknown, string][] = [
      [{ alow: [] }, "alow"],
      [{ allow: ["text"] }, "allow: a list of types is wanted"],
      [{ deny: "image/*" }, "deny"],
      [{ maxBytes: { "image/*": -1 } }, "maxBytes"],
      [{ text: { rules: [{ name: "empty" }] } }, "text.rules"],
      [{ virus: { scanner: {} } }, "virus.scanner"],
      [{ virus: { scanner: new Scanner(), onFailure: "maybe" } }, "virus.onFailure"],
    ];
    for (const [options, message] of wrong)
      expect(() => contentFilter(options as ContentFilterOptions)).toThrow(message);
    expect(() => contentFilter({ text: { rules: [{ pattern: "(" }] } })).toThrow(TypeError);
    expect(contentFilter().name).toBe("content_filter");
  });

  test("RFC 4975 §10.8: types that are not allowed, or denied, are refused with 415", async () => {
    const { pair, texts, audit } = await endpoint({
      allow: ["text/*", "image/png"],
      deny: ["text/html"],
    });
    expect(
      await fates(
        pair,
        ["a", "text/plain"],
        ["b", "TEXT/Markdown;charset=utf-8"],
        ["c", "text/html"],
        [png, "image/png"],
        ["d", "image/gif"],
        ["e", "application/octet-stream"],
      ),
    ).toEqual([200, 200, 415, 200, 415, 415]);
    expect(texts.length).toBe(3);
    expect(audit).toEqual(
      ["text/html", "image/gif", "application/octet-stream"].map((type) => `type refused 415 ${type}`),
    );
    await pair.close();
  });

  test("containers are judged by what is inside, at any depth", async () => {
    const { pair } = await endpoint({ allow: ["text/plain"], deny: ["multipart/related"] });
    const mixed = "multipart/mixed;boundary=cut";
    const good = "Content-Type: text/plain\r\n\r\nhello";
    const bad = "Content-Type: text/html\r\n\r\n<b>hello</b>";
    expect(
      await fates(
        pair,
        [cpim("text/plain", "hi"), "message/cpim"],
        [cpim("text/html", "hi"), "message/cpim"],
        [multipart(good, good), mixed],
        [multipart(good, bad), mixed],
        [cpim("multipart/mixed;boundary=cut", multipart(good, bad)), "message/cpim"],
        [multipart(good), "multipart/related;boundary=cut"],
        // Without a boundary nobody can look inside.
        [multipart(good), "multipart/mixed"],
      ),
    ).toEqual([200, 415, 200, 415, 415, 415, 415]);
    await pair.close();
  });

  test("what is inside is found in whatever chunks it comes", async () => {
    const { pair } = await endpoint({ deny: ["text/html"] });
    const good = `Content-Type: text/plain\r\n\r\n${"x".repeat(3000)}`;
    const body = multipart(good, "Content-Type: text/html\r\n\r\n<b>");
    for (const chunkBytes of [1, 7, 100, 2048, 3020]) {
      const kind = "multipart/mixed;boundary=cut";
      const session = await pair.connect();
      expect(await fate(session, multipart(good, good), kind, chunkBytes)).toBe(200);
      expect([chunkBytes, await fate(session, body, kind, chunkBytes)]).toEqual([chunkBytes, 415]);
    }
    await pair.close();
  });

  test("RFC 4975 §10.5: a message that is too long for its type is refused with 413, before all of it came", async () => {
    const { pair, session, texts } = await endpoint({
      maxBytes: { "*": 5000, "text/*": 3000, "text/html": 10 },
    });
    expect(
      await fates(
        pair,
        ["x".repeat(3000), "text/plain"],
        ["x".repeat(3001), "text/plain"],
        ["x".repeat(11), "text/html"],
        ["x".repeat(5000), "application/x"],
        [cpim("text/html", "x".repeat(11)), "message/cpim"],
        // A container counts as a whole too.
        [cpim("application/x", "x".repeat(4990)), "message/cpim"],
      ),
    ).toEqual([200, 413, 413, 200, 413, 413]);
    const endless = new ReadableStream<Uint8Array>({ pull: (to) => to.enqueue(new Uint8Array(1000)) });
    await expect(session.send(endless, { contentType: "text/plain" }).accepted).rejects.toMatchObject({
      status: 413,
    });
    expect(texts.length).toBe(2);
    await pair.close();
  });

  test("declared types are compared with the octets", async () => {
    const { pair, audit } = await endpoint({
      checkDeclared: true,
      deny: ["application/x-msdownload"],
    });
    const program = new Uint8Array(100);
    program.set([0x4d, 0x5a]);
    expect(
      await fates(
        pair,
        [png, "image/png"],
        [png, "image/jpeg"],
        [png, "text/plain"],
        ["no picture", "image/png"],
        ["words", "text/plain"],
        ["%PDF-1.7\n", "text/plain"],
        ['<?xml version="1.0"?><a/>', "application/im-iscomposing+xml"],
        [png, "application/octet-stream"],
        [program, "application/octet-stream"],
        [cpim("image/png", "no picture"), "message/cpim"],
        [
          multipart(
            "Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgoAAAANSUhEUgAA",
          ),
          "multipart/mixed;boundary=cut",
        ],
      ),
    ).toEqual([200, 415, 415, 415, 200, 415, 200, 200, 415, 415, 200]);
    expect(audit[0]).toBe("declared refused 415 declared image/jpeg, looks like image/png");
    expect(audit).toContain("type refused 415 application/x-msdownload");
    await pair.close();
  });

  test("texts that a rule fits are refused with 403, and the audit has the rule's name alone", async () => {
    const { pair, session, texts, audit } = await endpoint({
      text: {
        rules: [
          { name: "cards", pattern: /\b\d{16}\b/ },
          { name: "words", words: ["Shibboleth", "open sesame"] },
        ],
      },
    });
    const secret = `${"x ".repeat(3000)}open   SESAME${" x".repeat(3000)}`;
    expect(
      await fates(
        pair,
        ["4111111111111111", "text/plain"],
        ["a shibboleth!", "text/plain"],
        ["shibboleths", "text/plain"],
        [cpim("text/plain", "the ｓｈｉｂｂｏｌｅｔｈ"), "message/cpim"],
        [
          multipart("Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nc2hpYmJvbGV0aA=="),
          "multipart/mixed;boundary=cut",
        ],
        ["shibboleth", "application/octet-stream"],
        ["s\0h\0i\0b\0b\0o\0l\0e\0t\0h\0", "text/plain;charset=utf-16le"],
        [secret, "text/plain"],
        ["x", "text/plain;charset=x-unknown"],
      ),
    ).toEqual([403, 403, 200, 403, 403, 200, 403, 403, 415]);
    for (const chunkBytes of [100, 6005, 6010])
      expect(await fate(session, secret, "text/plain", chunkBytes)).toBe(403);
    expect(texts.length).toBe(2);
    expect(audit[0]).toBe("text refused 403 cards");
    expect(audit.join()).not.toContain("4111");
    await pair.close();
  });

  test("redacts in place, whole messages also where a match is split over chunks", async () => {
    const { pair, session, texts, audit } = await endpoint({
      text: { rules: [{ name: "secret", words: ["grün", "secret"], action: "redact" }] },
    });
    const long = `${"ü".repeat(1200)} secret grün ${"x".repeat(3000)}`;
    await fates(pair, ["a secret, grün!", "text/plain"], [cpim("text/plain", "secret"), "message/cpim"]);
    for (const chunkBytes of [2404, 2407, 2410, 2411]) await fate(session, long, "text/plain", chunkBytes);
    expect(texts[0]).toBe("a ******, *****!");
    expect(texts[1]).toBe(cpim("text/plain", "******"));
    const black = `${"ü".repeat(1200)} ****** ***** ${"x".repeat(3000)}`;
    for (const text of texts.slice(2)) expect(text === black).toBe(true);
    expect(audit[0]).toBe("text redacted 200 secret");
    await pair.close();
  });

  test("what cannot be redacted without changing its length is refused", async () => {
    const { pair } = await endpoint({ text: { rules: [{ words: ["secret"], action: "redact" }] } });
    const broken = new Uint8Array([0xff, 0x20, ...new TextEncoder().encode("secret")]);
    expect(
      await fates(
        pair,
        [broken, "text/plain"],
        [multipart("Content-Transfer-Encoding: base64\r\n\r\nc2VjcmV0"), "multipart/mixed;boundary=cut"],
      ),
    ).toEqual([403, 403]);
    await pair.close();
  });

  test("reload() changes the rules of what begins afterwards", async () => {
    let words = ["one"];
    const { pair, filter } = await endpoint({
      text: { rules: [{ words: ["zero"] }], load: async () => [{ words }] },
    });
    expect(await fates(pair, ["zero", "text/plain"], ["one", "text/plain"])).toEqual([403, 200]);
    await filter.reload();
    expect(await fates(pair, ["zero", "text/plain"], ["one", "text/plain"])).toEqual([200, 403]);
    await filter.reload([{ words: ["two"] }]);
    expect(await fates(pair, ["one", "text/plain"], ["two", "text/plain"])).toEqual([200, 403]);
    words = ["("];
    await filter.reload();
    await expect(filter.reload([{ pattern: "(" }])).rejects.toThrow(TypeError);
    expect(await fates(pair, ["a ( b", "text/plain"])).toEqual([403]);
    await expect(contentFilter().reload()).rejects.toThrow(TypeError);
    await pair.close();
  });

  test("rewrite gives the application another text; reports are about what was sent", async () => {
    const { pair, session, texts, audit } = await endpoint({
      rewrite: async (text) => text.replaceAll("color", "colour"),
    });
    const sent = session.send("a color", {
      contentType: "text/plain;charset=ISO-8859-1",
      successReport: true,
    });
    await sent.delivered;
    await session.send("none", { contentType: "text/plain" }).accepted;
    expect(texts).toEqual(["a colour", "none"]);
    expect(audit).toEqual(["text rewritten 200 rewrite"]);
    await pair.close();
  });

  test("what rewrite gives instead of a text refuses the message", async () => {
    const wrong = { rewrite: () => 7 } as unknown as ContentFilterOptions;
    const pair = nodePair([contentFilter(wrong)]);
    const blamed: string[] = [];
    pair.receiver.tap("error", ({ plugin }) => void blamed.push(plugin));
    expect(await fates(pair, ["hello", "text/plain"])).toEqual([403]);
    expect(blamed).toEqual(["content_filter"]);
    await pair.close();
  });

  test("RFC 2045 §6.4: an encoding that nobody knows is refused where rules look inside, and passes where none do", async () => {
    const odd =
      "From: <im:a@x>\r\n\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: x-uuencode\r\n\r\nx";
    for (const [options, status] of [
      [{ text: { rules: [{ words: ["bad"] }] } }, 415],
      [{ allow: ["text/plain"] }, 200],
    ] as const) {
      const pair = nodePair([contentFilter(options)]);
      expect(await fates(pair, [odd, "message/cpim"])).toEqual([status]);
      await pair.close();
    }
  });

  test("RFC 4975 §7.3.1: chunks out of order are looked at when the message is whole", async () => {
    const { pair, texts } = await endpoint({ text: { rules: [{ words: ["secret"] }] } });
    const [to, from] = ["msrp://bob.example:2855/bobRaw0001;tcp", "msrp://host.invalid:7000/rawPeer001;tcp"];
    let peer: Peer | undefined;
    memoryPair((transport) => (peer = new Peer(transport)), pair.receiver.accept, { clock: pair.clock });
    await settle();
    const fateOf = async (messageId: string, first: string, second: string): Promise<string[]> => {
      const [middle, total] = [first.length, first.length + second.length];
      const late = { messageId, body: second, range: `${middle + 1}-${total}/${total}`, flag: "$" } as const;
      const early = { messageId, body: first, range: `1-${middle}/${total}`, flag: "+" } as const;
      for (const chunk of [late, early]) (peer as Peer).write(request({ to, from, ...chunk }));
      return [(await (peer as Peer).frame()).what, (await (peer as Peer).frame()).what];
    };
    expect(await fateOf("good0001", "good ", "words")).toEqual(["200", "200"]);
    expect(await fateOf("evil0001", "a sec", "ret to keep")).toEqual(["200", "403"]);
    expect(texts).toEqual(["good words"]);
    await pair.close();
  });

  test("messages that stream are looked at as they come; their reader sees the end of what is refused", async () => {
    const pair = nodePair([
      contentFilter({ text: { rules: [{ words: ["secret"] }] } }),
      reassembly({ mode: "stream" }),
    ]);
    const outcomes: Promise<string>[] = [];
    pair.receiver.onMessage((message) => {
      outcomes.push(
        message.text().catch((error: { code: string; status: number }) => `${error.code} ${error.status}`),
      );
    });
    const session = await pair.connect();
    expect(await fate(session, "x".repeat(5000), "text/plain")).toBe(200);
    expect(await fate(session, `${"x ".repeat(2500)} secret ${"x ".repeat(2500)}`, "text/plain", 2048)).toBe(
      403,
    );
    expect((await outcomes[0])?.length).toBe(5000);
    expect(await outcomes[1]).toBe("refused 403");
    await pair.close();
  });

  test("more messages at a time than maxMessages are refused with 413", async () => {
    const { pair, session } = await endpoint({
      text: { rules: [{ words: ["x"] }] },
      maxMessages: 2,
      idleMs: 1000,
    });
    const stalls: Set<() => void> = new Set();
    const stalled = (): ReadableStream<Uint8Array> => {
      let end = (): void => undefined;
      return new ReadableStream({
        start: (to) => {
          to.enqueue(new Uint8Array(200_000));
          end = () => to.close();
          stalls.add(end);
        },
        cancel: () => void stalls.delete(end),
      });
    };
    const sent = [1, 2, 3].map(() => session.send(stalled(), { contentType: "text/plain" }));
    const late = sent[2]?.accepted.then(
      () => 200,
      (error: { status: number }) => error.status,
    );
    await settle();
    for (const end of stalls) end();
    expect(await late).toBe(413);
    await Promise.all([sent[0]?.accepted, sent[1]?.accepted]);
    await pair.close();
  });
});

describe("contentFilter() with a scanner", () => {
  test("holds a message until the scanner has decided: 403, or on it goes", async () => {
    const scanner = new Scanner();
    const { pair, session, texts, audit } = await endpoint({ virus: { scanner } });
    expect(await fates(pair, ["clean", "text/plain"], ["a virus", "application/x"])).toEqual([200, 403]);
    expect(await fate(session, "x".repeat(5000), "text/plain", 2048)).toBe(200);
    expect([scanner.scanned.map((text) => text.length), texts.length]).toEqual([[5, 7, 5000], 2]);
    expect(audit).toEqual(["virus refused 403 Test"]);
    await pair.close();
  });

  test("a scanner that fails refuses, or lets pass", async () => {
    for (const [onFailure, status] of [
      ["refuse", 403],
      ["pass", 200],
    ] as const) {
      const scanner = new Scanner();
      const { pair, session, audit } = await endpoint({ virus: { scanner, onFailure, maxBytes: 1000 } });
      const errors: string[] = [];
      pair.receiver.tap("error", ({ stage }) => void errors.push(stage));
      scanner.verdict = async () => Promise.reject(new Error("down"));
      expect(await fate(session, "text", "text/plain")).toBe(status);
      scanner.open = () => {
        throw new Error("down");
      };
      expect(await fate(session, "text", "text/plain")).toBe(status);
      expect(await fate(session, "x".repeat(1001), "text/plain")).toBe(status);
      expect(errors.length).toBe(3);
      expect(new Set(audit)).toEqual(
        new Set([`scanner ${onFailure === "pass" ? "passed" : "refused"} ${status} scanner failed`]),
      );
      await pair.close();
    }
  });

  test("a message above virus.maxBytes is not scanned: 413, or on it goes", async () => {
    for (const [onFailure, status] of [
      ["refuse", 413],
      ["pass", 200],
    ] as const) {
      const scanner = new Scanner();
      const { pair, session } = await endpoint({ virus: { scanner, onFailure, maxBytes: 1000 } });
      expect(await fate(session, "x".repeat(1001), "text/plain")).toBe(status);
      expect(await fate(session, "x".repeat(1000), "text/plain")).toBe(200);
      expect(scanner.aborted).toBe(1);
      await pair.close();
    }
  });

  test("a scanner that does not answer is given up after timeoutMs", async () => {
    const scanner = new Scanner();
    scanner.verdict = () => new Promise(() => undefined);
    const { pair, session } = await endpoint({ virus: { scanner, timeoutMs: 5000 } });
    const answer = fate(session, "text", "text/plain");
    await settle();
    await pair.clock.advance(4999);
    expect(scanner.aborted).toBe(0);
    await pair.clock.advance(1);
    expect([await answer, scanner.aborted]).toEqual([403, 1]);
    await pair.close();
  });

  test("RFC 4975 §5.3: a verdict after answerWithinMs is a 200 and a failure REPORT", async () => {
    const scanner = new Scanner();
    let decide: (verdict: ScanVerdict) => void = () => undefined;
    scanner.verdict = () => new Promise((resolve) => (decide = resolve));
    const { pair, session, texts } = await endpoint({ virus: { scanner } });
    const failures: number[] = [];
    const sent = session.send("virus", {
      contentType: "text/plain",
      onFailure: (error) => void failures.push(error.status),
    });
    await settle();
    await pair.clock.advance(10_000);
    await sent.accepted;
    decide({ infected: true, name: "Test" });
    await settle();
    expect([failures, texts]).toEqual([[403], []]);
    await pair.close();
  });

  test("hold: false lets the message go on, and reports what is found", async () => {
    const scanner = new Scanner();
    const { pair, session, texts, audit } = await endpoint({ virus: { scanner, hold: false } });
    const failures: number[] = [];
    await session.send("a virus", {
      contentType: "text/plain",
      onFailure: (error) => void failures.push(error.status),
    }).accepted;
    await settle();
    expect([failures, texts, audit]).toEqual([[403], ["a virus"], ["virus reported 403 Test"]]);
    await pair.close();
  });

  test("a sender that gives up, or goes, ends the scan", async () => {
    const scanner = new Scanner();
    const { pair, session } = await endpoint({ virus: { scanner } });
    const endless = (): ReadableStream<Uint8Array> =>
      new ReadableStream({ start: (to) => to.enqueue(new Uint8Array(200_000)) });
    const sent = session.send(endless(), { contentType: "text/plain" });
    sent.accepted.catch(() => undefined);
    await settle();
    sent.abort();
    await settle();
    expect(scanner.aborted).toBe(1);
    session.send(endless(), { contentType: "text/plain" }).accepted.catch(() => undefined);
    await settle();
    session.abort();
    await settle();
    expect(scanner.aborted).toBe(2);
    await pair.close();
  });
});

describe("contentFilter() in a relay", () => {
  async function relay(options: ContentFilterOptions) {
    const audit: string[] = [];
    const filter = contentFilter({
      ...options,
      onFinding: ({ rule, action, detail }) => void audit.push(`${rule} ${action} ${detail}`),
    });
    const bench = new RelayBench({}, filter);
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const peer = await bench.peer();
    return { bench, alice, peer, way: `${token} ${alice.uri}`, audit };
  }

  test("RFC 4976 §9.4: types, sizes and signatures of what is passed on", async () => {
    const { bench, alice, peer, way } = await relay({
      deny: ["image/gif"],
      maxBytes: { "text/*": 100 },
      checkDeclared: true,
    });
    peer.send(way, { body: "hello" });
    expect([await peer.heard(), await alice.heard()]).toEqual([["200"], ["SEND"]]);
    peer.send(way, { body: "hello", type: "image/gif" });
    expect(await peer.heard()).toEqual(["415"]);
    peer.send(way, { body: "x".repeat(101) });
    expect(await peer.heard()).toEqual(["413"]);
    peer.send(way, { body: "no picture", type: "image/png" });
    expect(await peer.heard()).toEqual(["415"]);
    expect(await alice.heard()).toEqual([]);
    await bench.close();
  });

  test("texts are followed from chunk to chunk, each way on its own", async () => {
    const { bench, alice, peer, way, audit } = await relay({
      text: {
        rules: [
          { name: "no", words: ["secret"] },
          { name: "black", words: ["grey"], action: "redact" },
        ],
      },
    });
    peer.send(way, { body: "a sec", range: "1-5/14", flag: "+", messageId: "m0001" });
    expect(await peer.heard()).toEqual(["200"]);
    // Another sender's message of the same id is another message.
    alice.send(`${way.split(" ")[0]} ${peer.uri}`, { body: "ret words", range: "1-9/9", messageId: "m0001" });
    expect(await alice.heard()).toEqual(["SEND", "200"]);
    peer.send(way, { body: "ret words", range: "6-14/14", messageId: "m0001" });
    expect((await peer.heard()).filter((what) => what !== "SEND")).toEqual(["403"]);
    peer.send(way, { body: "the grey sky", messageId: "m0002" });
    expect((await alice.take()).map(({ body }) => new TextDecoder().decode(body))).toEqual(["the **** sky"]);
    expect(audit).toEqual(["text refused no", "text redacted black"]);
    await bench.close();
  });

  test("what comes out of order cannot be looked at, and is refused with 413", async () => {
    const { bench, alice, peer, way } = await relay({ text: { rules: [{ words: ["secret"] }] } });
    peer.send(way, { body: "late", range: "6-9/9", messageId: "m0001" });
    expect([await peer.heard(), await alice.heard()]).toEqual([["413"], []]);
    await bench.close();
  });

  test("chunks go to the scanner as they pass, and the last one waits for it", async () => {
    const scanner = new Scanner();
    let decide: (verdict: ScanVerdict) => void = () => undefined;
    scanner.verdict = () => new Promise((resolve) => (decide = resolve));
    const { bench, alice, peer, way } = await relay({ virus: { scanner, hold: false } });
    peer.send(way, { body: "first ", range: "1-6/12", flag: "+", messageId: "m0001" });
    expect([await peer.heard(), await alice.heard()]).toEqual([["200"], ["SEND"]]);
    peer.send(way, { body: "second", range: "7-12/12", messageId: "m0001" });
    expect([await peer.heard(), await alice.heard()]).toEqual([[], []]);
    decide({ infected: false });
    expect([await peer.heard(), await alice.heard()]).toEqual([["200"], ["SEND"]]);
    peer.send(way, { body: "virus", messageId: "m0002" });
    await settle();
    decide({ infected: true });
    expect([await peer.heard(), await alice.heard()]).toEqual([["403"], []]);
    expect(scanner.scanned).toEqual(["first second", "virus"]);
    await bench.close();
  });
});
