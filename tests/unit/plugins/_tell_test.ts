// Functions of the caller's that only listen: in every plugin, what they throw or reject with becomes an error event that
// names the plugin, the messages go on, and nothing is left unhandled.
import { describe, expect, test } from "#test";
import { type Plugin, type SendOptions, type Session, Verdict } from "../../../core/mod.ts";
import { tell, watch } from "../../../plugins/_tell.ts";
import {
  auth,
  buildCpim,
  buildImdnAggregate,
  composingOf,
  contentFilter,
  cpim,
  type ImdnNotification,
  type ImdnReceived,
  imdn,
  isComposing,
  logger,
  trace,
} from "../../../plugins/mod.ts";
import { NodePair, settle } from "../../support/nodes.ts";

describe("tell and watch", () => {
  test("hear what is thrown, and what is rejected with later, once", async () => {
    const heard: string[] = [];
    const host = { error: (error: unknown, stage: string) => void heard.push(`${stage} ${error}`) };
    tell(host, "a", () => {
      throw "thrown";
    });
    tell(host, "b", () => Promise.reject("rejected"));
    tell(host, "c", () => Promise.resolve("fine"));
    watch(
      () => 1,
      () => void heard.push("never"),
    );
    await settle();
    expect(heard).toEqual(["a thrown", "b rejected"]);
  });
});

const wrapper = "From: <sip:a@x.example>\r\nTo: <sip:b@x.example>\r\n";
const composing =
  '<?xml version="1.0"?><isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state></isComposing>';

interface Case {
  readonly name: string;
  readonly plugin: (listener: () => never) => Plugin;
  readonly body?: string;
  readonly options?: SendOptions;
  readonly status?: number;
  /** Makes the listener hear something after the message was sent. */
  readonly afterwards?: (server: Session) => void;
}

const cases: readonly Case[] = [
  { name: "logger write", plugin: (write) => logger({ write }) },
  { name: "logger log", plugin: (log) => logger({ log }) },
  {
    name: "trace write",
    plugin: (write) => trace({ open: () => ({ capture: { write, close: () => undefined } }) }),
  },
  {
    name: "trace close",
    plugin: (close) => trace({ open: () => ({ ladder: { write: () => undefined, close } }) }),
    afterwards: (server) => void server.close(),
  },
  {
    name: "content_filter onFinding",
    plugin: (onFinding) => contentFilter({ deny: ["text/*"], onFinding }),
    status: 415,
  },
  {
    name: "cpim onWarning",
    plugin: (onWarning) => cpim({ onWarning }),
    body: `${wrapper}Subject: a\nSubject: b\r\n\r\nContent-Type: text/plain\r\n\r\nhi`,
    options: { contentType: "message/cpim" },
  },
  {
    name: "imdn onFault",
    plugin: (onFault) => imdn({ onFault }),
    body: "no xml",
    options: { contentType: "message/imdn+xml" },
  },
  {
    name: "is_composing onFault",
    plugin: (onFault) => isComposing({ onFault }),
    body: "no xml",
    options: { contentType: "application/im-iscomposing+xml" },
  },
  {
    name: "is_composing onChange",
    plugin: (onChange) => isComposing({ onChange }),
    body: composing,
    options: { contentType: "application/im-iscomposing+xml" },
    afterwards: (server) => expect(composingOf(server)?.composing.length).toBe(1),
  },
];

describe("a listener of the caller's", () => {
  for (const { name, plugin, body = "hello", options = {}, status = 200, afterwards } of cases) {
    for (const [fault, listener] of Object.entries({
      throws: () => {
        throw new Error("broken");
      },
      rejects: () => Promise.reject(new Error("broken")),
    })) {
      test(`${name}: one that ${fault} is told to the error tap and stops nothing`, async () => {
        const pair = new NodePair({ serverPlugins: [plugin(listener as () => never)] });
        const [session, server] = await pair.sessions();
        const sent = await session.send(body, { successReport: false, ...options }).accepted.then(
          () => 200,
          (error: { readonly status: number }) => error.status,
        );
        afterwards?.(server);
        await settle(200);
        await pair.clock.advance(2_000);
        expect(sent).toBe(status);
        const told = pair.errors.map(({ plugin, error }) => `${plugin} ${(error as Error).message}`);
        expect([...new Set(told)]).toEqual([`${name.split(" ")[0]} broken`]);
        await pair.close();
      });
    }
  }

  test("auth onAttempt: one that rejects is told to the error tap, and the handshake goes on", async () => {
    const onAttempt = (): void => Promise.reject(new Error("broken")) as never;
    const pair = new NodePair({
      serverPlugins: [auth({ bearer: { verify: () => ({ user: "alice" }) }, onAttempt })],
    });
    const headers = new Map([["authorization", "Bearer x"]]);
    const { verdict } = await pair.server.upgrade({
      url: "/",
      headers,
      remoteAddress: "192.0.2.1",
      secure: true,
    });
    await settle();
    expect([verdict instanceof Verdict && verdict.accepted, pair.errors.map(({ plugin }) => plugin)]).toEqual(
      [true, ["auth"]],
    );
    await pair.close();
  });

  test("imdn onNotification: one that throws hears the next notification of the same message all the same", async () => {
    const ids: string[] = [];
    const onNotification = ({ notification }: ImdnReceived): void => {
      ids.push(notification.messageId);
      throw new Error("broken");
    };
    const pair = new NodePair({ serverPlugins: [imdn({ onNotification })] });
    const [session] = await pair.sessions();
    const one = (messageId: string): ImdnNotification => ({
      ...{ messageId, datetime: "2026-01-01T00:00:00Z", type: "delivery", status: "delivered" },
    });
    const { contentType, body } = buildImdnAggregate([one("aaaa"), one("bbbb")]);
    const addresses = { from: "sip:a@x.example", to: "sip:b@x.example" };
    const mimeHeaders = [["Content-Disposition", "notification"]] as const;
    const octets = buildCpim({ ...addresses, contentType, mimeHeaders }, body);
    await session.send(octets, { contentType: "message/cpim" }).accepted;
    expect([ids, pair.errors.map(({ plugin, stage }) => `${plugin} ${stage}`)]).toEqual([
      ["aaaa", "bbbb"],
      ["imdn onNotification", "imdn onNotification"],
    ]);
    await pair.close();
  });

  test("trace open: what gives no sinks, as a promise, is told to the error tap", async () => {
    for (const output of [5, null, Promise.resolve({})]) {
      const pair = new NodePair({ serverPlugins: [trace({ open: () => output as never })] });
      const [session] = await pair.sessions();
      await session.send("hello").accepted;
      expect(pair.errors.map(({ plugin, error }) => [plugin, error instanceof TypeError])).toEqual([
        ["trace", true],
      ]);
      await pair.close();
    }
  });

  test("two logs: one that cannot be written is told in the other, and neither is told of itself", async () => {
    const broken = (): never => {
      throw new Error("disk full");
    };
    const lines: string[] = [];
    const pair = new NodePair({
      serverPlugins: [logger({ write: broken }), logger({ write: (line) => void lines.push(line) })],
    });
    const [session] = await pair.sessions();
    await session.send("hello").accepted;
    expect(lines.filter((line) => line.includes("disk full")).length).toBe(pair.errors.length);
    expect(pair.errors.length).toBeGreaterThan(0);
    await pair.close();
  });
});
