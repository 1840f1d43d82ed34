// cpim() between two nodes: what is wrapped and when, what handlers see of a wrapper, and what is refused.
// The format itself is checked by the vectors and by the tests of its parts.
import { describe, expect, test } from "#test";
import type { ConnectOptions, Message, Plugin, Session } from "../../../core/mod.ts";
import {
  buildCpim,
  buildCpimHead,
  type CpimMessage,
  type CpimOptions,
  cpim,
  cpimIdentity,
  cpimOf,
  parseCpim,
  reassembly,
  sendCpim,
} from "../../../plugins/mod.ts";
import { NodePair, rejection, settle } from "../../support/nodes.ts";

const ana = "sip:ana@example.org";
const bo = "sip:bo@example.net";
const wallClock = (): Date => new Date("2024-05-01T10:00:00Z");
const text = (octets: Uint8Array): string => new TextDecoder().decode(octets);

interface Ends {
  readonly pair: NodePair;
  readonly session: Session;
  readonly messages: Message[];
}

async function ends(
  client: Plugin[],
  server: Plugin[],
  options: Partial<ConnectOptions> = {},
): Promise<Ends> {
  const pair = new NodePair({ clientPlugins: client, serverPlugins: server });
  const messages: Message[] = [];
  pair.server.onMessage((message) => void messages.push(message));
  const session = await pair.connect(options);
  return { pair, session, messages };
}

async function* pieces(...all: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}

describe("cpim(): options", () => {
  test("unknown or wrong ones are refused", () => {
    expect(() => cpim({ wrap: "sometimes" } as unknown as CpimOptions)).toThrow(
      'Cannot make plugin "cpim": wrap',
    );
    expect(() => cpim({ maxHeadBytes: 0 })).toThrow("maxHeadBytes");
    expect(() => cpim({ colour: 1 } as unknown as CpimOptions)).toThrow("colour");
    expect(cpim({ from: { display: "Ana", uri: ana }, to: bo }).name).toBe("cpim");
  });
});

describe("cpim(): what goes out", () => {
  test("RFC 4975 §13: a peer whose accept-types begin with message/cpim gets everything wrapped [CP-MSRP-09] [4975-13-01] [4975-13-03]", async () => {
    const types = { peerAcceptTypes: ["message/cpim", "text/plain"] };
    const { pair, session, messages } = await ends([cpim({ from: ana, to: bo, wallClock })], [], types);
    await session.send("hello").accepted;
    expect(messages.map(({ contentType }) => contentType)).toEqual(["message/cpim"]);
    expect(text(messages[0]?.body as Uint8Array)).toBe(
      `From: <${ana}>\r\nTo: <${bo}>\r\nDateTime: 2024-05-01T10:00:00.000Z\r\n\r\nContent-Type: text/plain;charset=utf-8\r\n\r\nhello`,
    );
    await pair.close();
  });

  test("RFC 4975 §8.6: a type that the peer takes wrapped only is wrapped, one that it takes bare is not", async () => {
    const types = {
      peerAcceptTypes: ["text/plain", "message/cpim"],
      peerAcceptWrappedTypes: ["image/png"],
    };
    const { pair, session, messages } = await ends([cpim()], [cpim()], types);
    await session.send("bare").accepted;
    await session.send(Uint8Array.of(1, 2, 3), { contentType: "image/png" }).accepted;
    expect(() => session.send("<a/>", { contentType: "text/html" })).toThrow("the peer does not take it");
    expect(messages.map(({ contentType }) => contentType)).toEqual([
      "text/plain;charset=utf-8",
      "message/cpim",
    ]);
    const view = cpimOf(messages[1] as Message);
    expect(view?.contentType).toBe("image/png");
    expect(view?.from?.uri).toBe("sip:anonymous@anonymous.invalid");
    expect(view?.body).toEqual(Uint8Array.of(1, 2, 3));
    await pair.close();
  });

  test("a peer that has not said what it takes gets nothing wrapped, unless all is to be", async () => {
    const plain = await ends([cpim()], []);
    await plain.session.send("bare").accepted;
    expect(plain.messages[0]?.contentType).toBe("text/plain;charset=utf-8");
    await plain.pair.close();
    const always = await ends([cpim({ wrap: "always" })], []);
    await always.session.send("wrapped").accepted;
    expect(always.messages[0]?.contentType).toBe("message/cpim");
    await always.pair.close();
    const never = await ends([cpim({ wrap: "never" })], [], { peerAcceptTypes: ["message/cpim"] });
    expect(() => never.session.send("bare")).toThrow("the peer does not take it");
    await never.pair.close();
  });

  test("what is wrapped already is left as it is", async () => {
    const { pair, session, messages } = await ends([cpim({ wrap: "always" })], []);
    const octets = buildCpim({ from: ana, to: bo, contentType: "text/plain" }, "mine");
    await session.send(octets, { contentType: "Message/CPIM" }).accepted;
    expect(messages[0]?.body).toEqual(octets);
    await pair.close();
  });

  test("addresses of one session come before those of the plugin", async () => {
    const { pair, session, messages } = await ends([cpim({ wrap: "always", from: ana, to: bo })], [cpim()]);
    session.set(cpimIdentity, { from: { display: "Eve", uri: "sip:eve@example.org" } });
    await session.send("hi").accepted;
    const view = cpimOf(messages[0] as Message) as CpimMessage;
    expect(view.from).toEqual({ display: "Eve", uri: "sip:eve@example.org" });
    expect(view.to).toEqual([{ display: undefined, uri: bo }]);
    await pair.close();
  });

  test("RFC 4975 §13: what streams is wrapped first and chunked afterwards, and never held [CP-MSRP-08] [4975-13-04]", async () => {
    const { pair, session, messages } = await ends([cpim({ wrap: "always" })], [cpim()]);
    const half = new Uint8Array(150_000).fill(7);
    const progress: (number | undefined)[] = [];
    await session.send(pieces(half, half), {
      contentType: "application/x-test",
      total: 300_000,
      onProgress: (_sent, total) => progress.push(total),
    }).accepted;
    const view = cpimOf(messages[0] as Message) as CpimMessage;
    expect(view.body.length).toBe(300_000);
    expect(view.body.every((octet) => octet === 7)).toBe(true);
    expect(progress.at(-1)).toBe(300_000 + view.head.contentStart);
    await pair.close();
  });

  test("Blobs and streams of the platform are wrapped too", async () => {
    const { pair, session, messages } = await ends([cpim({ wrap: "always" })], [cpim()]);
    await session.send(new Blob(["from a blob"], { type: "text/plain" })).accepted;
    const stream = new ReadableStream<Uint8Array>({
      start(controller): void {
        controller.enqueue(new TextEncoder().encode("from a stream"));
        controller.close();
      },
    });
    await session.send(stream, { contentType: "text/plain" }).accepted;
    const texts = await Promise.all(messages.map((message) => cpimOf(message)?.text()));
    expect(texts).toEqual(["from a blob", "from a stream"]);
    await pair.close();
  });

  test("sendCpim() writes the headers that it is given, and a broken one sends nothing", async () => {
    const { pair, session, messages } = await ends([cpim()], [cpim()]);
    session.set(cpimIdentity, { from: ana, to: bo });
    await sendCpim(session, "Lunch?", { subject: { text: "Heute", lang: "de" }, dateTime: wallClock() })
      .accepted;
    const view = cpimOf(messages[0] as Message) as CpimMessage;
    expect([view.from?.uri, view.subjects, view.date, await view.text()]).toEqual([
      ana,
      [{ text: "Heute", lang: "de" }],
      wallClock(),
      "Lunch?",
    ]);
    expect(() => sendCpim(session, "x", { to: [] })).toThrow("a recipient is missing");
    expect(() => sendCpim(session, "x", {}, { start: 5 })).toThrow("the end of a message");
    expect(messages.length).toBe(1);
    await pair.close();
  });
});

describe("cpim(): what comes in", () => {
  const wrapped = buildCpim({ from: ana, to: bo, contentType: "text/plain" }, "inside");

  test("handlers see the wrapper, and the content by its view", async () => {
    const { pair, session, messages } = await ends([], [cpim()]);
    await session.send(wrapped, { contentType: "message/cpim" }).accepted;
    await session.send("bare").accepted;
    expect(messages[0]?.body).toEqual(wrapped);
    expect(await cpimOf(messages[0] as Message)?.text()).toBe("inside");
    expect(cpimOf(messages[1] as Message)).toBe(undefined);
    await pair.close();
  });

  test("unwrap: handlers see the content, and the success report is about what was sent", async () => {
    const { pair, session, messages } = await ends([], [cpim({ unwrap: true })]);
    const sent = session.send(wrapped, { contentType: "message/cpim" });
    await sent.delivered;
    expect([messages[0]?.contentType, await messages[0]?.text()]).toEqual(["text/plain", "inside"]);
    expect(cpimOf(messages[0] as Message)?.from?.uri).toBe(ana);
    await pair.close();
  });

  test("RFC 3862 §2.2: what cannot be read is refused with 400, and the next message is not [CP-SYN-03]", async () => {
    const { pair, session, messages } = await ends([], [cpim({ mode: "msrp" })]);
    const lone = "From: <sip:a@b.example>\nTo: <sip:c@d.example>\n\nContent-Type: text/plain\n\nx";
    const error = await rejection(session.send(lone, { contentType: "message/cpim" }).accepted);
    expect(error).toMatchObject({ status: 400, comment: "CPIM bare-line-ending" });
    await session.send(wrapped, { contentType: "message/cpim" }).accepted;
    expect(messages.length).toBe(1);
    expect(pair.errors).toEqual([]);
    await pair.close();
  });

  test("what a lenient reader passes over is told", async () => {
    const told: (readonly string[])[] = [];
    const { pair, session } = await ends([], [cpim({ onWarning: (codes) => void told.push(codes) })]);
    const merged = "From: <sip:a@b.example>\r\nTo: <sip:c@d.example>\r\nContent-Type: text/plain\r\n\r\nx";
    await session.send(merged, { contentType: "message/cpim" }).accepted;
    await session.send(wrapped, { contentType: "message/cpim" }).accepted;
    expect(told).toEqual([["merged-mime-headers"]]);
    await pair.close();
  });

  test("RFC 3862 §3.5: a required feature that is not understood is refused with 403 [CP-SYN-29]", async () => {
    const seal = { namespace: "urn:example:seals", name: "Seal" };
    const octets = buildCpim({ from: ana, to: bo, contentType: "text/plain", require: [seal] }, "x");
    const { pair, session, messages } = await ends([], [cpim()]);
    const refusal = rejection(session.send(octets, { contentType: "message/cpim" }).accepted);
    expect(await refusal).toMatchObject({ status: 403 });
    await pair.close();
    const knows = await ends([], [cpim({ understands: ({ name }) => name === "Seal" })]);
    await knows.session.send(octets, { contentType: "message/cpim" }).accepted;
    expect([messages.length, knows.messages.length]).toEqual([0, 1]);
    await knows.pair.close();
  });

  test("headers above maxHeadBytes are refused with 413, at it they are not [CP-SYN-45]", async () => {
    const head = buildCpimHead({ from: ana, to: bo, subject: "s".repeat(70_000), contentType: "text/plain" });
    const { pair, session, messages } = await ends([], [cpim({ maxHeadBytes: head.length })]);
    await session.send(head, { contentType: "message/cpim" }).accepted;
    expect(cpimOf(messages[0] as Message)?.subject?.length).toBe(70_000);
    await pair.close();
    const small = await ends([], [cpim({ maxHeadBytes: head.length - 100 })]);
    const refusal = rejection(small.session.send(head, { contentType: "message/cpim" }).accepted);
    expect(await refusal).toMatchObject({ status: 413 });
    await small.pair.close();
  });

  for (const unwrap of [false, true]) {
    test(`of a message that streams the head alone is read ahead (unwrap: ${unwrap})`, async () => {
      const { pair, session, messages } = await ends([], [cpim({ unwrap }), reassembly({ mode: "stream" })]);
      let goOn = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        goOn = resolve;
      });
      async function* slowly(): AsyncGenerator<Uint8Array> {
        yield wrapped.subarray(0, 20);
        yield new Uint8Array([...wrapped.subarray(20), ...new Uint8Array(100_000).fill(65)]);
        await gate;
        yield new Uint8Array(400_000).fill(66);
      }
      const sent = session.send(slowly(), { contentType: "message/cpim" });
      await settle(500);
      const [message] = messages as [Message];
      const view = cpimOf(message) as CpimMessage;
      expect([view.from?.uri, message.size]).toEqual([ana, undefined]);
      const reading = new Response((unwrap ? message : view).stream()).text();
      goOn();
      await sent.delivered;
      expect(await reading).toBe(`inside${"A".repeat(100_000)}${"B".repeat(400_000)}`);
      await pair.close();
    });
  }

  test('check: "chunk" refuses with the first chunk, before anything is put together', async () => {
    const { pair, session, messages } = await ends([], [cpim({ check: "chunk" })]);
    const broken = `From: nobody\r\n\r\n${"x".repeat(200_000)}`;
    const sent = session.send(broken, { contentType: "message/cpim" });
    expect(await rejection(sent.accepted)).toMatchObject({ status: 400, comment: "CPIM bad-address" });
    await session.send(wrapped, { contentType: "message/cpim" }).accepted;
    expect(messages.length).toBe(1);
    await pair.close();
  });

  test("in echo: what comes back is what was sent, octet for octet", async () => {
    const pair = new NodePair({ serverPlugins: [cpim()], clientPlugins: [cpim()] });
    pair.server.onMessage((message, session) => {
      session.send(message.body, { contentType: message.contentType });
    });
    const session = await pair.connect();
    const back = session[Symbol.asyncIterator]().next();
    await session.send(wrapped, { contentType: "message/cpim" }).accepted;
    const { value } = await back;
    expect(value?.body).toEqual(wrapped);
    expect(parseCpim(value?.body as Uint8Array).head.from?.uri).toBe(ana);
    await pair.close();
  });

  test("one plugin object in two nodes shares nothing", async () => {
    const plugin = cpim({ wrap: "always", from: ana, to: bo });
    const one = await ends([plugin], [plugin]);
    const two = await ends([plugin], [plugin]);
    await Promise.all([one.session.send("1").accepted, two.session.send("2").accepted]);
    const texts = [one, two].map(({ messages }) => cpimOf(messages[0] as Message)?.text());
    expect(await Promise.all(texts)).toEqual(["1", "2"]);
    await Promise.all([one.pair.close(), two.pair.close()]);
  });
});
