// The parts of a relay client that the conformance suite does not walk through: the first path, giving up, closing.
import { describe, expect, test } from "#test";
import { settle } from "../../../../adapters/memory.ts";
import type { MsrpError } from "../../../../core/errors.ts";
import { Msrp } from "../../../../core/node/node.ts";
import { connectThroughRelay } from "../../../../core/relay/client.ts";
import { rejection, thrown } from "../../../support/nodes.ts";
import { StubRelay } from "../../../support/stub_relay.ts";

const credentials = { username: "alice", password: "secret" };

describe("connectThroughRelay", () => {
  test("logs in at once, and the first who asks gets that path", async () => {
    const relay = new StubRelay();
    const app = new Msrp();
    const client = await connectThroughRelay(app, { relay: relay.uri, credentials }, relay.network.connect);
    expect([relay.minted.length, client.pathCount]).toEqual([1, 0]);
    const path = await client.path();
    expect([relay.minted.length, client.pathCount]).toEqual([1, 1]);
    expect(path.usePath[0]?.text).toBe(relay.minted[0]);
    await client.path();
    expect(relay.minted.length).toBe(2);
    await app.close({ drainMs: 0 });
    await relay.close();
  });

  test("a first path that nobody asked for in time is not given out", async () => {
    const relay = new StubRelay();
    const app = new Msrp();
    const client = await connectThroughRelay(app, { relay: relay.uri, credentials }, relay.network.connect);
    await relay.clock.advance(899_000);
    expect((await client.path()).usePath[0]?.text).toBe(relay.minted[1]);
    await app.close({ drainMs: 0 });
    await relay.close();
  });

  test("leaves nothing behind when the password is wrong", async () => {
    const relay = new StubRelay();
    const app = new Msrp();
    const wrong = { relay: relay.uri, credentials: { username: "alice", password: "x" } };
    const error = await rejection<MsrpError>(connectThroughRelay(app, wrong, relay.network.connect));
    expect(error.code).toBe("auth-refused");
    await relay.clock.advance(3_700_000);
    expect([app.connectionCount, relay.clock.pending]).toEqual([0, 0]);
    await relay.close();
  });

  test("can be given up", async () => {
    const relay = new StubRelay();
    const signal = AbortSignal.abort(new Error("enough"));
    const options = { relay: relay.uri, credentials, signal };
    const error = await rejection(connectThroughRelay(new Msrp(), options, relay.network.connect));
    expect(error.message).toBe("enough");
    expect(relay.connections.length).toBe(0);
    await relay.close();
  });
});

describe("a relay client", () => {
  test("closes without a timer left, and its paths are void", async () => {
    const relay = new StubRelay();
    const client = relay.client();
    const path = await client.path();
    client.close();
    client.close();
    expect([path.valid, client.pathCount]).toEqual([false, 0]);
    expect(thrown<MsrpError>(() => client.expect(path)).code).toBe("path-expired");
    await relay.app.close({ drainMs: 0 });
    await settle();
    expect(relay.clock.pending).toBe(0);
    await relay.close();
  });

  test("a session's end releases the path that it was expected on", async () => {
    const relay = new StubRelay();
    const client = relay.client();
    const session = client.expect(await client.path());
    expect(client.pathCount).toBe(1);
    await session.close();
    await settle();
    expect(client.pathCount).toBe(0);
    await relay.close();
  });

  test("a session that it opened through the relay ends when the peer refuses it", async () => {
    const relay = new StubRelay();
    const client = relay.client();
    relay.refuse = "481 No such session";
    const error = await rejection<MsrpError>(client.connect({ remote: "msrps://bob.example:2855/bob;tcp" }));
    expect(error.code).toBe("no-such-session");
    await relay.close();
  });

  test("lists its relays", () => {
    const relay = new StubRelay();
    expect(relay.client().relays.map(({ text }) => text)).toEqual([relay.uri]);
  });
});
