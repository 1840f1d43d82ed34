// isComposing() between two nodes with a clock that the test moves: what goes out when, and what the other side shows.
// The two state machines alone are checked by the vectors.
import { describe, expect, test } from "#test";
import { type ConnectOptions, definePlugin, type Message, type Session } from "../../../core/mod.ts";
import {
  type ComposingEvent,
  type ComposingSession,
  composingOf,
  cpim,
  cpimIdentity,
  type IsComposingOptions,
  imdn,
  isComposing,
  reassembly,
  sendCpim,
} from "../../../plugins/mod.ts";
import { NodePair, settle } from "../../support/nodes.ts";

const wallClock = (): Date => new Date("2024-05-01T10:00:00Z");
const statusType = { contentType: "application/im-iscomposing+xml" };

interface Ends {
  readonly pair: NodePair;
  readonly session: Session;
  readonly there: Session;
  readonly mine: ComposingSession;
  /** What the receiver was shown: state and reason. */
  readonly shown: string[];
  readonly events: ComposingEvent[];
  readonly messages: Message[];
  /** Status documents as they came. */
  readonly documents: string[];
  pass(ms: number): Promise<void>;
}

async function ends(
  sender: IsComposingOptions = {},
  receiver: IsComposingOptions = {},
  options: Partial<ConnectOptions> = {},
): Promise<Ends> {
  const shown: string[] = [];
  const events: ComposingEvent[] = [];
  const documents: string[] = [];
  const messages: Message[] = [];
  const onChange = (event: ComposingEvent): void => {
    events.push(event);
    shown.push(`${event.state} ${event.reason}`);
  };
  const watching = definePlugin({
    name: "watching",
    message: (c, next) => {
      const text = new TextDecoder().decode(c.body);
      if (text.includes("<isComposing")) documents.push(text);
      return next();
    },
  });
  const pair = new NodePair({
    clientPlugins: [isComposing({ wallClock, ...sender })],
    serverPlugins: [watching, isComposing({ onChange, ...receiver })],
  });
  pair.server.onMessage((message) => void messages.push(message));
  const [session, there] = await pair.sessions(options);
  const mine = composingOf(session) as ComposingSession;
  const pass = async (ms: number): Promise<void> => {
    await pair.clock.advance(ms);
    await settle();
  };
  return { pair, session, there, mine, shown, events, messages, documents, pass };
}

const states = (documents: readonly string[]): (string | undefined)[] =>
  documents.map((text) => /<state>(\w+)</.exec(text)?.[1]);

describe("isComposing(): options", () => {
  test("RFC 3994 §3.2: a refresh interval below 60 s is refused [IC-13]", () => {
    expect(() => isComposing({ refreshMs: 59_999 })).toThrow("refreshMs");
    expect(isComposing({ refreshMs: 60_000 }).name).toBe("is_composing");
    expect(isComposing({ refreshMs: Number.POSITIVE_INFINITY }).name).toBe("is_composing");
    expect(() => isComposing({ colour: 1 } as unknown as IsComposingOptions)).toThrow("colour");
  });
});

describe("isComposing(): who writes", () => {
  test("RFC 3994 §3.2: one status at the first key, idle after 15 s without any [IC-10] [IC-12]", async () => {
    const { pair, mine, shown, documents, pass, messages } = await ends();
    mine.typing();
    mine.typing();
    await pass(4000);
    mine.typing();
    expect([mine.state, documents.length]).toEqual(["active", 1]);
    await pass(14_999);
    expect(shown).toEqual(["active status"]);
    await pass(1);
    expect([mine.state, shown]).toEqual(["idle", ["active status", "idle status"]]);
    await pass(500_000);
    expect(documents.length).toBe(2);
    // Nothing of it is a message for the application [IC-28].
    expect([messages.length, pair.errors]).toEqual([0, []]);
    await pair.close();
  });

  test("RFC 3994 §3.2: who goes on writing repeats it each refresh interval, 120 s if nothing else is said [IC-15]", async () => {
    for (const [options, seconds] of [
      [{}, 120],
      [{ refreshMs: 60_000 }, 60],
    ] as const) {
      const { pair, mine, documents, pass } = await ends(options);
      for (let second = 0; second < seconds * 2; second += 10) {
        mine.typing();
        await pass(10_000);
      }
      expect(states(documents)).toEqual(["active", "active", "active"]);
      expect(documents[0]).toContain(`<refresh>${seconds}</refresh>`);
      await pair.close();
    }
  });

  test("RFC 3994 §3.3: who goes on writing is shown so without a gap: the refresh comes before the time-out", async () => {
    const { pair, mine, shown, documents, pass } = await ends();
    for (let count = 0; count < 40; count++) {
      mine.typing();
      await pass(10_000);
    }
    expect(states(documents)).toEqual(["active", "active", "active", "active"]);
    expect(shown).toEqual(["active status"]);
    await pair.close();
  });

  test("RFC 3994 §3.2: without refresh the element is left out and nothing is repeated [IC-14]", async () => {
    const { pair, mine, documents, pass } = await ends({ refreshMs: Number.POSITIVE_INFINITY });
    for (let count = 0; count < 40; count++) {
      mine.typing();
      await pass(10_000);
    }
    expect([documents.length, documents[0]?.includes("<refresh>")]).toEqual([1, false]);
    await pair.close();
  });

  test("RFC 3994 §3.2: the message itself says that nobody is writing any more [IC-11]", async () => {
    const { pair, session, mine, shown, documents, pass } = await ends();
    mine.typing();
    await pass(2000);
    await session.send("done").accepted;
    expect([mine.state, shown]).toEqual(["idle", ["active status", "idle content"]]);
    mine.typing();
    await pass(60_000);
    expect(states(documents)).toEqual(["active", "active", "idle"]);
    await pair.close();
  });

  test("statuses and notifications are no content: who sends them goes on writing", async () => {
    const { pair, session, mine } = await ends();
    mine.typing();
    await session.send("<x/>", { contentType: "message/imdn+xml" }).accepted;
    await session.send("<x/>", statusType).accepted;
    expect(mine.state).toBe("active");
    await pair.close();
  });

  test("stop() tells that the user has given up, once", async () => {
    const { pair, mine, shown } = await ends();
    mine.stop();
    mine.typing();
    mine.stop();
    mine.stop();
    await settle();
    expect(shown).toEqual(["active status", "idle status"]);
    await pair.close();
  });

  test("who types and sends faster than the gap tells it once [IC-18]", async () => {
    const { pair, session, mine, documents, pass } = await ends();
    for (let count = 0; count < 5; count++) {
      mine.typing();
      await session.send("x").accepted;
    }
    expect(documents.length).toBe(1);
    await pass(1000);
    mine.typing();
    await settle();
    expect(documents.length).toBe(2);
    await pair.close();
  });

  test("RFC 3994 §6: what is written and when goes along [IC-03]", async () => {
    const { pair, mine, documents, events } = await ends({ contentType: "text/plain" });
    mine.typing();
    await settle();
    expect(documents[0]?.replace(/^.*?<state/s, "<state")).toBe(
      "<state>active</state><lastactive>2024-05-01T10:00:00.000Z</lastactive><contenttype>text/plain</contenttype><refresh>120</refresh></isComposing>",
    );
    expect(events[0]).toMatchObject({ contentType: "text/plain", lastActive: "2024-05-01T10:00:00.000Z" });
    await pair.close();
  });

  test("RFC 3994 §4: nothing goes out that the peer has not said it takes [IC-24]", async () => {
    const { pair, session, mine, documents } = await ends({}, {}, { peerAcceptTypes: ["text/plain"] });
    mine.typing();
    await settle();
    expect([documents.length, mine.state]).toEqual([0, "active"]);
    mine.stop();
    session.update({ peerAcceptTypes: ["text/plain", "application/im-iscomposing+xml"] });
    await pair.clock.advance(5000);
    mine.typing();
    await settle();
    expect(documents.length).toBe(1);
    await pair.close();
  });

  test("RFC 3994 §3.5: a room that takes CPIM only gets it in CPIM [IC-25]", async () => {
    const types = {
      peerAcceptTypes: ["message/cpim"],
      peerAcceptWrappedTypes: ["text/plain", "application/im-iscomposing+xml"],
    };
    const { pair, mine, events } = await ends(
      { from: "sip:ana@example.org", to: "sip:room@example.org" },
      {},
      types,
    );
    mine.typing();
    await settle();
    expect([events[0]?.from?.uri, events[0]?.to?.uri]).toEqual([
      "sip:ana@example.org",
      "sip:room@example.org",
    ]);
    await pair.close();
  });

  test("RFC 3994 §4: a peer that answers 415 gets no more, until types are talked about anew [IC-23]", async () => {
    let tries = 0;
    const picky = definePlugin({
      name: "picky",
      message: (c) => {
        tries++;
        return c.reject(415);
      },
    });
    const pair = new NodePair({ clientPlugins: [isComposing()], serverPlugins: [picky] });
    const session = await pair.connect();
    const mine = composingOf(session) as ComposingSession;
    for (let count = 0; count < 3; count++) {
      mine.typing();
      await settle();
      mine.stop();
      await pair.clock.advance(10_000);
    }
    expect(tries).toBe(1);
    session.update({ peerAcceptTypes: ["*"] });
    mine.typing();
    await settle(500);
    expect(tries).toBe(2);
    await pair.close();
  });

  test("the end of the session ends its timers and tells who watched [IC-30]", async () => {
    const { pair, session, mine, shown } = await ends();
    mine.typing();
    await settle();
    await session.close();
    mine.typing();
    await pair.close();
    expect(shown).toEqual(["active status", "idle ended"]);
    expect(pair.clock.pending).toBe(0);
    expect(pair.errors).toEqual([]);
  });
});

describe("isComposing(): who watches", () => {
  const active = (refresh = ""): string =>
    `<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state>${refresh}</isComposing>`;

  test("RFC 3994 §3.3: it lasts for the refresh of the last status, or 120 s [IC-19] [IC-21]", async () => {
    const { pair, session, shown, pass } = await ends();
    await session.send(active(), statusType).accepted;
    await pass(119_999);
    expect(shown).toEqual(["active status"]);
    await pass(1);
    expect(shown).toEqual(["active status", "idle expired"]);
    await session.send(active("<refresh>300</refresh>"), statusType).accepted;
    await session.send(active("<refresh>60</refresh>"), statusType).accepted;
    await pass(60_000);
    expect(shown.slice(2)).toEqual(["active status", "idle expired"]);
    await pair.close();
  });

  test("however long a peer says, maxRefreshMs is the longest", async () => {
    const { pair, session, shown, pass } = await ends({}, { maxRefreshMs: 1000 });
    await session.send(active("<refresh>9999999999</refresh>"), statusType).accepted;
    await pass(999);
    expect(shown).toEqual(["active status"]);
    await pass(1);
    expect(shown).toEqual(["active status", "idle expired"]);
    await pair.close();
  });

  test("in a room each member has a state, and private messages have one of their own [IC-22]", async () => {
    const { pair, session, there, events } = await ends();
    const [ana, eve, room, bo] = [
      "sip:ana@x.example",
      "sip:eve@x.example",
      "sip:room@x.example",
      "sip:bo@x.example",
    ];
    const tell = (from: string, to: string): Promise<void> =>
      sendCpim(session, active(), { from, to, ...statusType }).accepted;
    await tell(ana, room);
    await tell(eve, room);
    await tell(eve, bo);
    const view = composingOf(there) as ComposingSession;
    expect(view.composing.map(({ from, to }) => [from?.uri, to?.uri])).toEqual([
      [ana, room],
      [eve, room],
      [eve, bo],
    ]);
    await sendCpim(session, "hi", { from: eve, to: room }).accepted;
    expect(view.composing.map(({ from, to }) => [from?.uri, to?.uri])).toEqual([
      [ana, room],
      [eve, bo],
    ]);
    expect(events.at(-1)).toMatchObject({
      state: "idle",
      reason: "content",
      from: { uri: eve },
      to: { uri: room },
    });
    await pair.close();
  });

  test("more than maxComposers cannot be seen writing at once", async () => {
    const { pair, session, there } = await ends({}, { maxComposers: 2 });
    for (const name of ["a", "b", "c"]) {
      session.set(cpimIdentity, { from: `sip:${name}@x.example`, to: "sip:room@x.example" });
      await sendCpim(session, active(), statusType).accepted;
    }
    expect(composingOf(there)?.composing.map(({ from }) => from?.uri)).toEqual([
      "sip:a@x.example",
      "sip:b@x.example",
    ]);
    await pair.close();
  });

  test("an unreadable status is dropped, and a message behind it is not [IC-31]", async () => {
    const faults: unknown[] = [];
    const { pair, session, shown, messages } = await ends(
      {},
      { onFault: (error) => void faults.push(error) },
    );
    for (const bad of ["<isComposing", '<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>', "<a/>"]) {
      await session.send(bad, statusType).delivered;
    }
    await session.send("hi").accepted;
    expect(faults).toMatchObject([
      { code: "not-well-formed" },
      { code: "dtd-forbidden" },
      { code: "wrong-namespace" },
    ]);
    expect([shown, messages.length, pair.errors]).toEqual([[], 1, []]);
    await pair.close();
  });

  test("a handler that throws hurts nobody, and the plugin is named", async () => {
    const { pair, session } = await ends(
      {},
      {
        onChange: () => {
          throw new Error("boom");
        },
      },
    );
    await session.send(active(), statusType).accepted;
    expect(pair.errors.map(({ plugin, stage }) => [plugin, stage])).toEqual([["is_composing", "onChange"]]);
    await pair.close();
  });

  test("with cpim() and imdn() beside it, in any order, and where messages stream", async () => {
    const states: string[] = [];
    const watch = isComposing({ onChange: ({ state }) => void states.push(state) });
    for (const plugins of [
      [cpim({ unwrap: true }), imdn(), watch, reassembly({ mode: "stream" })],
      [watch, imdn(), cpim()],
    ]) {
      states.length = 0;
      const pair = new NodePair({
        clientPlugins: [isComposing({ wrap: "always" }), cpim({ wrap: "always" })],
        serverPlugins: plugins,
      });
      const texts: string[] = [];
      pair.server.onMessage((message) => void message.bytes().then(() => texts.push("message")));
      const session = await pair.connect();
      composingOf(session)?.typing();
      await settle(200);
      expect(states).toEqual(["active"]);
      await session.send("hi").accepted;
      await settle(200);
      expect([states, texts, pair.errors]).toEqual([["active", "idle"], ["message"], []]);
      await pair.close();
    }
  });

  test("in echo: messages come back, statuses do not", async () => {
    const { pair, session, there, mine } = await ends();
    there.onMessage((message) => {
      there.send(message.body, { contentType: message.contentType });
    });
    const back = session[Symbol.asyncIterator]().next();
    mine.typing();
    await session.send("hi").accepted;
    expect(await (await back).value?.text()).toBe("hi");
    await pair.close();
  });

  test("one plugin object in two nodes shares nothing", async () => {
    const plugin = isComposing();
    const one = new NodePair({ clientPlugins: [plugin], serverPlugins: [plugin] });
    const two = new NodePair({ clientPlugins: [plugin], serverPlugins: [plugin] });
    const [first, there] = await one.sessions();
    const [, elsewhere] = await two.sessions();
    composingOf(first)?.typing();
    await settle();
    expect([there, elsewhere].map((session) => composingOf(session)?.composing.length)).toEqual([1, 0]);
    await Promise.all([one.close(), two.close()]);
  });
});
