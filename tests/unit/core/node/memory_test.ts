// A node that goes on where another one was: what is kept of connections and sessions, and when nothing is under way.
import { describe, expect, test } from "#test";
import { FakeClock, settle } from "../../../../adapters/memory.ts";
import type { ConnectionMemory } from "../../../../core/node/memory.ts";
import { Msrp } from "../../../../core/node/node.ts";
import { definePlugin } from "../../../../core/node/plugin.ts";
import { defineKey, type Key } from "../../../../core/session/key.ts";
import { messageTransport as pipe, receive } from "../../../support/message_transport.ts";
import { sendText } from "../../../support/web_socket_peer.ts";

const userKey: Key<{ name: string }> = defineKey("test.user");
const liveKey: Key<Map<string, string>> = defineKey("test.live");

describe("the memory of a node", () => {
  test("another instance has the session, its settings and the values of the connection", async () => {
    const clock = new FakeClock();
    const first = new Msrp({ acceptUnknown: () => ({ acceptTypes: ["text/plain"] }) });
    first.onMessage(() => undefined);
    const one = pipe(clock);
    first.use(
      definePlugin({
        name: "who",
        connect: (c, next) => {
          c.connection?.set(userKey, { name: "alice" });
          c.connection?.set(liveKey, new Map());
          return next();
        },
      }),
    );
    const sink = first.accept(one.transport);
    await settle();
    await clock.advance(1234);
    const behindRelay = (text: string) =>
      sendText(text).replace("From-Path: ", "From-Path: msrps://relay.example:2855/r;tcp ");
    receive(sink, behindRelay("hello"));
    await settle();
    expect(one.written.join("")).toMatch(/ 200 OK/);
    expect(first.memory.quiet).toBe(true);
    const memory = JSON.parse(JSON.stringify(first.memory.of(sink))) as ConnectionMemory;
    expect(memory.values).toEqual({ "test.user": { name: "alice" } });
    expect(memory.lastReceivedAt).toBe(1234);
    expect(memory.sessions.length).toBe(1);
    expect(memory.sessions[0]?.peer).toBe("msrp://client.invalid:2855/ws0client0000001;ws");

    const next = new Msrp();
    const opened: (string | undefined)[] = [];
    next.tap("bound", ({ connection }) => opened.push(connection.get(userKey)?.name));
    const bodies: string[] = [];
    next.onMessage(async (message) => void bodies.push(await message.text()));
    const two = pipe(clock);
    const back = next.memory.attach(two.transport);
    next.memory.resume([[back, memory]]);
    expect([next.sessionCount, opened]).toEqual([1, ["alice"]]);
    receive(back, behindRelay("again"));
    receive(back, behindRelay("<p>").replace("text/plain", "text/html"));
    await settle();
    expect([bodies, two.written.join("").match(/ (200|415) /g)]).toEqual([["again"], [" 200 ", " 415 "]]);
  });

  test("what is under way is not quiet: a message with octets missing, one that is not answered, a stranger", async () => {
    const clock = new FakeClock();
    const app = new Msrp({ acceptUnknown: () => true });
    app.onMessage(() => undefined);
    const { transport, written } = pipe(clock);
    const sink = app.accept(transport);
    await settle();
    // Nobody has made use of it: it is about to be closed.
    expect(app.memory.quiet).toBe(false);
    receive(sink, sendText("01234", { id: "half00000001", range: "1-5/10", flag: "+" }));
    await settle();
    expect(app.memory.quiet).toBe(false);
    receive(
      sink,
      sendText("56789", { id: "half00000002", range: "6-10/10" }).replace("m.half00000002", "m.half00000001"),
    );
    await settle();
    expect(app.memory.quiet).toBe(true);
    app.sessions[0]?.send("from here");
    await settle();
    expect(app.memory.quiet).toBe(false);
    const [, id, to, from] =
      /^MSRP (\S+) SEND\r\nTo-Path: (\S+)\r\nFrom-Path: (\S+)/.exec(written.at(-1) ?? "") ?? [];
    receive(sink, `MSRP ${id} 200 OK\r\nTo-Path: ${from}\r\nFrom-Path: ${to}\r\n-------${id}$\r\n`);
    await settle();
    // Accepted, but the report of its delivery is due.
    expect([app.memory.quiet, app.memory.awaitsReports]).toEqual([true, true]);
    sink.ended();
    expect(app.memory.of(sink)).toBe(undefined);
    expect([app.memory.quiet, app.memory.awaitsReports]).toEqual([true, false]);
  });

  test("sessions that are expected are kept, unless somebody must look at their peer", () => {
    const app = new Msrp();
    const uri = (id: string): string => `msrp://a.example:2855/${id}xxxxxxxxxxxx;ws`;
    app.session({ local: uri("one"), acceptTypes: ["text/plain"] });
    app.session({ local: uri("two"), verifyPeer: () => true });
    app.session({ local: uri("three"), remote: uri("peer"), role: "active" });
    const { expected } = app.memory;
    expect(expected).toEqual([{ local: uri("one"), remote: [], acceptTypes: ["text/plain"] }]);
    const next = new Msrp();
    next.memory.expect(expected);
    next.memory.expect(expected);
    expect(next.sessions.map(({ local }) => local.text)).toEqual([uri("one")]);
  });
});
