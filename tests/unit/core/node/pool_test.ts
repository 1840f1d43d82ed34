// Which sessions share a connection that this node opened, and which must not.
import { describe, expect, test } from "#test";
import type { ConnectionError } from "../../../../core/errors.ts";
import { poolKey } from "../../../../core/node/pool.ts";
import type { Connector } from "../../../../core/node/transport.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { NodePair, rejection, settle } from "../../../support/nodes.ts";

const uri = MsrpUri.parse("msrp://bob.example:12051/a;tcp");

describe("RFC 4975 §5.4: the key of a connection [4975-5.4-01, 4975-5.4-02, 6714-6.3-01]", () => {
  const key = (text: string, target: Partial<Parameters<typeof poolKey>[1]> = {}): string =>
    poolKey(MsrpUri.parse(text), {
      host: "bob.example",
      port: 12051,
      secure: text.startsWith("msrps"),
      ...target,
    });
  const own = key(uri.text);

  test("is equal for sessions of one authority, however it is spelled", () => {
    expect(key("MSRP://x@BOB.example:12051/another;TCP")).toBe(own);
  });

  test("differs by scheme, host, port, transport, the address really dialled, and TLS", () => {
    const others = [
      key("msrps://bob.example:12051/a;tcp"),
      key("msrp://rob.example:12051/a;tcp"),
      key("msrp://bob.example:12052/a;tcp"),
      key("msrp://bob.example:12051/a;ws"),
      key(uri.text, { host: "203.0.113.9" }),
      key(uri.text, { port: 9 }),
      key("msrps://bob.example:12051/a;tcp", { tls: { ca: "CA" } }),
      key("msrps://bob.example:12051/a;tcp", { tls: { cert: "CERT", key: "KEY" } }),
    ];
    expect(new Set([own, ...others]).size).toBe(9);
    expect(others.some((text) => text.includes("KEY"))).toBe(false);
  });
});

describe("the pool", () => {
  test("opens one connection for sessions that start together, and again after it has gone", async () => {
    const pair = new NodePair();
    const sessions = await Promise.all([pair.connect(), pair.connect(), pair.connect()]);
    expect([pair.network.opened, sessions.length]).toEqual([1, 3]);
    pair.client.tap("closed", () => undefined);
    sessions[0]?.abort();
    for (const session of pair.accepted) session.abort();
    await pair.server.close({ drainMs: 0 });
    await settle();
    expect(pair.client.connectionCount).toBe(0);
    await rejection(pair.connect());
    expect(pair.network.opened).toBe(2);
    await pair.close();
  });

  test("does not share where it was told not to, or with another connector", async () => {
    const pair = new NodePair();
    await pair.connect();
    await pair.connect({ reuse: false });
    const connector: Connector = (...args) => pair.network.connect(...args);
    await pair.client.connect({ local: pair.clientUri(), remote: pair.serverUri() }, connector);
    expect(pair.network.opened).toBe(3);
    await pair.close();
  });

  test("an attempt is given up when all who wait for it have, and not before", async () => {
    const pair = new NodePair();
    let aborted = false;
    let fail: (error: Error) => void = () => undefined;
    const connector: Connector = (_target, _accept, options) =>
      new Promise((_resolve, reject) => {
        fail = reject;
        options?.signal?.addEventListener("abort", () => {
          aborted = true;
          reject(new Error("given up"));
        });
      });
    const stops = [new AbortController(), new AbortController()];
    const attempts = stops.map(({ signal }) =>
      rejection<ConnectionError>(
        pair.client.connect({ local: pair.clientUri(), remote: pair.serverUri(), signal }, connector),
      ),
    );
    await settle();
    stops[0]?.abort();
    expect((await attempts[0])?.code).toBe("aborted");
    expect(aborted).toBe(false);
    stops[1]?.abort();
    expect((await attempts[1])?.code).toBe("aborted");
    await settle();
    expect([aborted, pair.client.sessionCount]).toEqual([true, 0]);
    fail(new Error("unused"));
    await pair.close();
  });
});
