// imdn() between two nodes: who asks, what is told when, what is never told, and what the sender learns.
// Documents and decisions alone are checked by the vectors and by the tests of their parts.
import { describe, expect, test } from "#test";
import { type ConnectOptions, compose, definePlugin, type Message, type Session } from "../../../core/mod.ts";
import {
  buildCpim,
  buildImdnAggregate,
  buildNotification,
  cpim,
  cpimIdentity,
  cpimOf,
  type ImdnOptions,
  type ImdnReceived,
  type ImdnSession,
  type ImdnTracking,
  imdn,
  imdnNamespace,
  imdnOf,
  parseCpim,
  parseImdn,
  reassembly,
  sendCpim,
  wrapNotification,
} from "../../../plugins/mod.ts";
import { NodePair, rejection, settle, thrown } from "../../support/nodes.ts";

const ana = "sip:ana@example.org";
const bo = "sip:bo@example.net";
const wallClock = (): Date => new Date("2024-05-01T10:00:00Z");
const own: ImdnOptions = { from: ana, to: bo, wallClock };

interface Ends {
  readonly pair: NodePair;
  readonly session: Session;
  readonly there: Session;
  /** What the application of the receiver saw. */
  readonly messages: Message[];
  /** What the application of the sender saw. */
  readonly back: Message[];
}

async function ends(
  sender: ImdnOptions = own,
  receiver: ImdnOptions = {},
  options: Partial<ConnectOptions> = {},
): Promise<Ends> {
  const pair = new NodePair({ clientPlugins: [imdn(sender)], serverPlugins: [imdn(receiver)] });
  const messages: Message[] = [];
  const back: Message[] = [];
  pair.server.onMessage((message) => void messages.push(message));
  pair.client.onMessage((message) => void back.push(message));
  const [session, there] = await pair.sessions(options);
  return { pair, session, there, messages, back };
}

const of = (session: Session): ImdnSession => imdnOf(session) as ImdnSession;
const cpimType = { contentType: "message/cpim" };

describe("imdn(): options", () => {
  test("unknown or wrong ones are refused", () => {
    expect(() => imdn({ request: ["everything"] } as unknown as ImdnOptions)).toThrow("request.0");
    expect(() => imdn({ maxTracked: 0 })).toThrow("maxTracked");
    expect(() => imdn({ colour: 1 } as unknown as ImdnOptions)).toThrow("colour");
    expect(imdnOf({ get: () => undefined } as unknown as Session)).toBe(undefined);
  });
});

describe("imdn(): from asking to being shown", () => {
  test("RFC 5438 §7: delivered comes by itself, displayed when the application says so [DN-BLD-09]", async () => {
    const heard: ImdnReceived[] = [];
    const { pair, session, there, messages, back } = await ends({
      ...own,
      onNotification: (received) => void heard.push(received),
    });
    const { sent, tracking } = of(session).send("Lunch?");
    await tracking.delivered;
    expect(tracking.state).toBe("delivered");
    expect(of(session).track(sent.messageId)).toBe(tracking);
    const view = cpimOf(messages[0] as Message);
    expect(of(there).displayed(view)).toBe(true);
    await tracking.displayed;
    expect([...tracking.states]).toEqual([[bo, "displayed"]]);
    expect(
      heard.map(({ notification, from }) => [notification.type, notification.status, from?.uri]),
    ).toEqual([
      ["delivery", "delivered", bo],
      ["display", "displayed", bo],
    ]);
    // The application of the sender sees no notification, and nobody notifies of one.
    await settle();
    expect([back.length, messages.length]).toEqual([0, 1]);
    expect(pair.errors).toEqual([]);
    await pair.close();
  });

  test("RFC 5438 §7.1.1: the request has an id of its own, the time and what is asked for [DN-REQ-02] [DN-REQ-06] [DN-REQ-07]", async () => {
    const { pair, session, messages } = await ends();
    const { sent, tracking } = of(session).send("x", { request: ["display", "negative-delivery"] });
    await sent.accepted;
    const head = cpimOf(messages[0] as Message)?.head;
    expect(head?.value(imdnNamespace, "Message-ID")).toBe(tracking.messageId);
    expect(tracking.messageId).not.toBe(sent.messageId);
    expect(head?.value(imdnNamespace, "Disposition-Notification")).toBe("display, negative-delivery");
    expect([head?.dateTime, head?.from?.uri, head?.to[0]?.uri]).toEqual([
      "2024-05-01T10:00:00.000Z",
      ana,
      bo,
    ]);
    await pair.close();
  });

  test("`request` asks for each message with content, wrapped or not, whatever the order of the plugins", async () => {
    for (const cpimFirst of [true, false]) {
      const plugins = [cpim({ wrap: "always", from: ana, to: bo }), imdn({ ...own, request: ["display"] })];
      const pair = new NodePair({
        clientPlugins: cpimFirst ? plugins : plugins.reverse(),
        serverPlugins: [imdn()],
      });
      const messages: Message[] = [];
      pair.server.onMessage((message) => void messages.push(message));
      const [session, there] = await pair.sessions();
      const sent = session.send("hello");
      await sent.accepted;
      const view = cpimOf(messages[0] as Message);
      expect(await view?.text()).toBe("hello");
      expect(of(there).displayed(view)).toBe(true);
      await of(session).track(sent.messageId)?.displayed;
      await pair.close();
    }
  });

  test("an application's own wrapper keeps its octets, with what is asked for behind its headers", async () => {
    const { pair, session, messages } = await ends({ ...own, request: ["positive-delivery"] });
    const octets = buildCpim({ from: ana, to: bo, subject: "mine", contentType: "text/plain" }, "x");
    const sent = session.send(octets, cpimType);
    await sent.accepted;
    const text = new TextDecoder().decode(messages[0]?.body);
    expect(text.startsWith(`From: <${ana}>\r\nTo: <${bo}>\r\nSubject: mine\r\n`)).toBe(true);
    expect(text.endsWith("\r\n\r\nContent-Type: text/plain\r\n\r\nx")).toBe(true);
    await of(session).track(sent.messageId)?.delivered;
    await pair.close();
  });

  test("a wrapper that asks by itself is followed as it is", async () => {
    const { pair, session, messages } = await ends();
    const headers = [
      { namespace: imdnNamespace, name: "Message-ID", value: "mine1" },
      { namespace: imdnNamespace, name: "Disposition-Notification", value: "positive-delivery;x=1, other" },
    ];
    const octets = buildCpim(
      { from: ana, to: bo, dateTime: wallClock(), headers, contentType: "text/plain" },
      "x",
    );
    const sent = session.send(octets, cpimType);
    await of(session).track(sent.messageId)?.delivered;
    expect(messages[0]?.body).toEqual(octets);
    await pair.close();
  });

  test("content that streams asks too, and has arrived when its last octet has", async () => {
    const pair = new NodePair({
      clientPlugins: [imdn({ ...own, request: ["positive-delivery"] })],
      serverPlugins: [imdn(), reassembly({ mode: "stream" })],
    });
    pair.server.onMessage(async (message) => void (await cpimOf(message)?.bytes()));
    const session = await pair.connect();
    let goOn = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    async function* slowly(): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(100_000);
      await gate;
      yield new Uint8Array(200_000);
    }
    const sent = session.send(slowly(), { contentType: "application/x-test", total: 300_000 });
    await settle(500);
    const tracking = of(session).track(sent.messageId) as ImdnTracking;
    expect(tracking.state).toBe("sent");
    goOn();
    await tracking.delivered;
    await sent.delivered;
    expect(pair.errors).toEqual([]);
    await pair.close();
  });

  test("notifications that stream are taken too", async () => {
    const pair = new NodePair({
      clientPlugins: [imdn(own), reassembly({ mode: "stream" })],
      serverPlugins: [imdn()],
    });
    pair.server.onMessage(() => undefined);
    const session = await pair.connect();
    const { tracking } = of(session).send("x");
    await tracking.delivered;
    expect(tracking.state).toBe("delivered");
    await pair.close();
  });

  test("with cpim({ unwrap: true }) the application sees content, and its view is displayed all the same", async () => {
    const pair = new NodePair({
      clientPlugins: [imdn(own)],
      serverPlugins: [cpim({ unwrap: true }), imdn()],
    });
    const messages: Message[] = [];
    pair.server.onMessage((message) => void messages.push(message));
    const [session, there] = await pair.sessions();
    const { tracking } = of(session).send("inside");
    await tracking.delivered;
    expect(await messages[0]?.text()).toBe("inside");
    expect(of(there).displayed(cpimOf(messages[0] as Message))).toBe(true);
    await tracking.displayed;
    await pair.close();
  });
});

describe("imdn(): what is never told", () => {
  test("RFC 5438 §7.2.1: nothing that was not asked for, and each type once [DN-BLD-07]", async () => {
    const heard: string[] = [];
    const { pair, session, there, messages } = await ends({
      ...own,
      onNotification: ({ notification }) => void heard.push(notification.status),
    });
    const { sent } = of(session).send("x", { request: ["display"] });
    await sent.accepted;
    await settle();
    const view = cpimOf(messages[0] as Message);
    const told = [of(there).displayed(view), of(there).displayed(view), of(there).failed(view)];
    expect(told).toEqual([true, false, false]);
    await session.send("not in CPIM").accepted;
    await settle();
    expect(heard).toEqual(["displayed"]);
    await pair.close();
  });

  test("RFC 5438 §7.2.1: no notification about a notification, even if it asks for one [DN-REQ-12]", async () => {
    const { pair, session, there, messages, back } = await ends(own, { pass: true });
    const headers = [
      { namespace: imdnNamespace, name: "Message-ID", value: "n1" },
      { namespace: imdnNamespace, name: "Disposition-Notification", value: "positive-delivery, display" },
    ];
    const fields = { from: ana, to: bo, dateTime: wallClock(), headers, contentType: "message/imdn+xml" };
    await session.send(buildCpim(fields, "<imdn/>"), cpimType).accepted;
    await settle();
    expect(messages.length).toBe(1);
    expect(of(there).displayed(cpimOf(messages[0] as Message))).toBe(false);
    expect([back.length, of(session).track("n1")]).toEqual([0, undefined]);
    await pair.close();
  });

  test("RFC 5438 §12.1.3: nothing about a message that was refused [DN-BLD-17]", async () => {
    const heard: ImdnReceived[] = [];
    const refusing = definePlugin({ name: "no", deliver: (c) => c.reject(403) });
    const pair = new NodePair({
      clientPlugins: [imdn({ ...own, onNotification: (received) => void heard.push(received) })],
      serverPlugins: [compose(imdn(), refusing)],
    });
    const session = await pair.connect();
    const { sent } = of(session).send("x");
    expect(await rejection(sent.accepted)).toMatchObject({ status: 403 });
    await settle();
    expect(heard).toEqual([]);
    await pair.close();
  });

  test("RFC 5438 §12.1.1: anonymous senders do not ask, and are not answered, unless that is wanted [DN-REQ-11]", async () => {
    const { pair, session } = await ends({ request: ["display"] });
    expect(thrown(() => of(session).send("x"))).toMatchObject({ code: "imdn-anonymous" });
    expect(thrown(() => session.send("x"))).toMatchObject({ code: "imdn-anonymous" });
    await pair.close();
    const deaf = await ends({ anonymous: true });
    const unanswered = of(deaf.session).send("x");
    await unanswered.sent.accepted;
    await settle();
    expect(unanswered.tracking.state).toBe("sent");
    await deaf.pair.close();
    const rcs = await ends({ anonymous: true }, { anonymous: true });
    await of(rcs.session).send("x").tracking.delivered;
    await rcs.pair.close();
  });

  test("RFC 5438 §14.2: a policy denies openly or says nothing [DN-BLD-16]", async () => {
    const { pair, session, there, messages } = await ends(own, {
      policy: (event) => (event === "displayed" ? "forbid" : "silent"),
    });
    const { sent, tracking } = of(session).send("x");
    await sent.accepted;
    await settle();
    expect(tracking.state).toBe("sent");
    expect(of(there).displayed(cpimOf(messages[0] as Message))).toBe(true);
    expect(await rejection(tracking.displayed)).toMatchObject({ code: "imdn-forbidden" });
    await pair.close();
  });

  test("RFC 5438 §8: an intermediary tells of its own doing, never of delivery [DN-MID-04] [DN-MID-05]", async () => {
    const { pair, session, there, messages } = await ends(own, { role: "intermediary" });
    const { sent, tracking } = of(session).send("x", {
      request: ["processing", "positive-delivery", "negative-delivery"],
    });
    await sent.accepted;
    await settle();
    expect(tracking.state).toBe("sent");
    const view = cpimOf(messages[0] as Message);
    const told = [of(there).displayed(view), of(there).stored(view), of(there).processed(view)];
    expect(told).toEqual([false, true, false]);
    await settle();
    expect(tracking.state).toBe("stored");
    expect(of(there).failed(tracking.messageId)).toBe(true);
    expect(await rejection(tracking.delivered)).toMatchObject({ code: "imdn-failed" });
    expect(tracking.state).toBe("failed");
    await pair.close();
  });

  test("a peer that refuses notifications with 415 gets no more of them [DN-MID-13]", async () => {
    const tries: string[] = [];
    const picky = definePlugin({
      name: "picky",
      message: (c) => {
        tries.push(String(c.contentType));
        return c.reject(415);
      },
    });
    const pair = new NodePair({ clientPlugins: [picky, imdn(own)], serverPlugins: [imdn()] });
    pair.server.onMessage(() => undefined);
    const session = await pair.connect();
    for (let count = 0; count < 3; count++) {
      await of(session).send("x").sent.accepted;
      await settle();
    }
    expect(tries).toEqual(["message/cpim"]);
    await pair.close();
  });

  test("RFC 4975 §8.6: a peer that does not take notifications gets none", async () => {
    const heard: ImdnReceived[] = [];
    const { pair, session, there } = await ends({ ...own, onNotification: (one) => void heard.push(one) });
    there.update({ peerAcceptTypes: ["message/cpim"], peerAcceptWrappedTypes: ["text/plain"] });
    await of(session).send("one").sent.accepted;
    await settle();
    expect(heard.length).toBe(0);
    there.update({ peerAcceptWrappedTypes: ["text/plain", "message/imdn+xml"] });
    await of(session).send("two").tracking.delivered;
    expect(heard.length).toBe(1);
    await pair.close();
  });
});

describe("imdn(): what comes in", () => {
  const about = (tracking: ImdnTracking, recipientUri?: string): Parameters<typeof buildNotification>[0] => ({
    type: "delivery",
    status: "delivered",
    messageId: tracking.messageId,
    datetime: "2024-05-01T10:00:00Z",
    recipientUri,
    to: ana,
    routes: [],
    sendTo: ana,
  });

  async function asked(options: ImdnOptions = own): Promise<Ends & { tracking: ImdnTracking }> {
    const all = await ends(options, { policy: () => "silent" });
    all.there.set(cpimIdentity, { from: bo });
    const { sent, tracking } = of(all.session).send("x");
    await sent.accepted;
    return { ...all, tracking };
  }

  test("RFC 5438 §14.1: one from an address that the message did not go to is dropped [DN-DOC-12]", async () => {
    const faults: string[] = [];
    const { pair, there, tracking } = await asked({
      ...own,
      onFault: (error) => void faults.push(String(error)),
    });
    await there.send(buildNotification(about(tracking), "sip:eve@example.org"), cpimType).delivered;
    expect([tracking.state, faults.length]).toEqual(["sent", 1]);
    await there.send(buildNotification(about(tracking), "SIP:bo@EXAMPLE.net;transport=tcp"), cpimType)
      .delivered;
    await tracking.delivered;
    await pair.close();
    const room = await asked({ ...own, checkRecipient: false });
    await room.there.send(buildNotification(about(room.tracking), "sip:member@example.org"), cpimType)
      .accepted;
    await room.tracking.delivered;
    await room.pair.close();
  });

  test("RFC 5438 §8.3: an aggregate tells of several recipients [DN-REQ-13] [DN-MID-07]", async () => {
    const { pair, session, there } = await ends({ from: ana, wallClock }, { policy: () => "silent" });
    const list = ["sip:one@example.net", "sip:two@example.net"];
    session.set(cpimIdentity, { from: ana, to: list });
    const { sent, tracking } = of(session).send("x");
    await sent.accepted;
    const one = about(tracking, "sip:one@example.net");
    await there.send(buildNotification(one, "sip:one@example.net"), cpimType).accepted;
    await settle();
    expect(tracking.state).toBe("sent");
    const { contentType, body } = buildImdnAggregate([one, about(tracking, "sip:two@example.net")]);
    await there.send(wrapNotification(one, "sip:two@example.net", contentType, body), cpimType).accepted;
    await tracking.delivered;
    expect([tracking.state, [...tracking.states.keys()]]).toEqual(["delivered", list]);
    await pair.close();
  });

  test("a late delivered does not undo displayed [DN-DOC-13]", async () => {
    const { pair, there, tracking } = await asked();
    const display = { ...about(tracking, bo), type: "display", status: "displayed" } as const;
    await there.send(buildNotification(display, bo), cpimType).accepted;
    await tracking.displayed;
    await tracking.delivered;
    await there.send(buildNotification(about(tracking, bo), bo), cpimType).accepted;
    await settle();
    expect(tracking.state).toBe("displayed");
    await pair.close();
  });

  test("one about a message that nobody knows is reported, and one that cannot be read is dropped [DN-REQ-14]", async () => {
    const heard: ImdnReceived[] = [];
    const faults: unknown[] = [];
    const { pair, there, tracking, back } = await asked({
      ...own,
      onNotification: (one) => void heard.push(one),
      onFault: (error) => void faults.push(error),
    });
    const stranger = { ...about(tracking), messageId: "unknown1" };
    await there.send(buildNotification(stranger, bo), cpimType).delivered;
    expect(heard.map((one) => [one.notification.messageId, one.tracking])).toEqual([["unknown1", undefined]]);
    await there.send("<!DOCTYPE a><imdn/>", { contentType: "message/imdn+xml" }).delivered;
    expect(faults).toMatchObject([{ code: "dtd-forbidden" }]);
    expect([back.length, pair.errors.length]).toEqual([0, 0]);
    await pair.close();
  });

  test("one without a wrapper is taken, as some peers send it", async () => {
    const { pair, there, tracking } = await asked();
    const document = parseCpim(buildNotification(about(tracking, bo), bo)).body;
    await there.send(document, { contentType: "message/imdn+xml" }).accepted;
    await tracking.delivered;
    expect(tracking.state).toBe("delivered");
    await pair.close();
  });

  test("above maxTracked the oldest message is forgotten, at it none", async () => {
    const { pair, session } = await ends({ ...own, maxTracked: 2 }, { policy: () => "silent" });
    const all = ["1", "2", "3"].map((text) => of(session).send(text));
    await Promise.all(all.map(({ sent }) => sent.accepted));
    expect(await rejection(all[0]?.tracking.displayed as Promise<void>)).toMatchObject({
      code: "imdn-forgotten",
    });
    expect(all.map(({ tracking }) => tracking.state)).toEqual(["sent", "sent", "sent"]);
    await pair.close();
  });

  test("above maxWaiting a message is no longer found by its id, but still by its view", async () => {
    const { pair, session, there, messages } = await ends(own, { maxWaiting: 1 });
    const [first, second] = ["1", "2"].map((text) => of(session).send(text));
    await first?.sent.accepted;
    await second?.sent.accepted;
    await settle();
    expect(of(there).displayed(first?.tracking.messageId)).toBe(false);
    expect(of(there).displayed(second?.tracking.messageId)).toBe(true);
    expect(of(there).displayed(cpimOf(messages[0] as Message))).toBe(true);
    await Promise.all([first?.tracking.displayed, second?.tracking.displayed]);
    await pair.close();
  });

  test("`notify` gets the octets and the address that they go to first [DN-BLD-05] [DN-BLD-06]", async () => {
    const drafts: unknown[] = [];
    const { pair, session } = await ends(own, {
      notify: (octets, draft) => {
        const { head, body } = parseCpim(octets, { mode: "msrp" });
        drafts.push([draft.sendTo, head.values(imdnNamespace, "IMDN-Route"), parseImdn(body).status]);
        expect(head.values(imdnNamespace, "IMDN-Record-Route")).toEqual([]);
        expect([head.from?.uri, head.to[0]?.uri, head.mimeHeader("content-disposition")]).toEqual([
          bo,
          ana,
          "notification",
        ]);
      },
    });
    const routes = ["sip:s2@example.com", "sip:s1@example.com"];
    const headers = routes.map((uri) => ({
      namespace: imdnNamespace,
      name: "IMDN-Record-Route",
      value: `<${uri}>`,
    }));
    await of(session).send("x", { cpim: { headers } }).sent.accepted;
    await settle();
    expect(drafts).toEqual([[routes[0], routes.map((uri) => `<${uri}>`), "delivered"]]);
    await pair.close();
  });

  test("a policy that throws hurts nothing but its notification, and is named", async () => {
    const { pair, session, messages } = await ends(own, {
      policy: () => {
        throw new Error("boom");
      },
    });
    await of(session).send("x").sent.delivered;
    await settle();
    expect([messages.length, pair.errors.map(({ plugin }) => plugin)]).toEqual([1, ["imdn"]]);
    await pair.close();
  });

  test("one plugin object in two nodes shares nothing", async () => {
    const plugin = imdn({ ...own, maxTracked: 1 });
    const one = new NodePair({ clientPlugins: [plugin], serverPlugins: [imdn()] });
    const two = new NodePair({ clientPlugins: [plugin], serverPlugins: [imdn()] });
    const tracked: ImdnTracking[] = [];
    for (const pair of [one, two]) {
      pair.server.onMessage(() => undefined);
      tracked.push(of(await pair.connect()).send("x").tracking);
    }
    await Promise.all(tracked.map(({ delivered }) => delivered));
    expect(tracked.map(({ state }) => state)).toEqual(["delivered", "delivered"]);
    await Promise.all([one.close(), two.close()]);
  });

  test("in echo: the copy that comes back asks again, and both are told of", async () => {
    const pair = new NodePair({ clientPlugins: [imdn(own)], serverPlugins: [imdn()] });
    pair.server.onMessage((message, session) => {
      session.send(message.body, { contentType: message.contentType });
    });
    const echoed: Message[] = [];
    pair.client.onMessage((message) => void echoed.push(message));
    const session = await pair.connect();
    await of(session).send("x").tracking.delivered;
    await settle();
    expect([echoed.length, pair.errors.length]).toEqual([1, 0]);
    expect(await cpimOf(echoed[0] as Message)?.text()).toBe("x");
    await pair.close();
  });

  test("sendCpim() without a request is followed by nobody", async () => {
    const { pair, session } = await ends();
    const sent = sendCpim(session, "x", { from: ana, to: bo });
    await sent.accepted;
    expect(of(session).track(sent.messageId)).toBe(undefined);
    await pair.close();
  });
});
