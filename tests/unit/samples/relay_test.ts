// The relay sample over the memory adapter: a client logs in and gets a URI, a stranger gets nothing.
// tests/cli/relay_test.ts does the same with a real process.
import { describe, expect, test } from "#test";
import { memoryPair, settle } from "../../../adapters/memory.ts";
import { ClientAuth, StaticCredentials } from "../../../core/mod.ts";
import { makeRelay } from "../../../samples/relay.ts";
import { Peer, request } from "../../../testing/wire.ts";

describe("the relay sample", () => {
  test("RFC 4976 §6.3: logs its users in, and serves nobody else [4976-6.3-01]", async () => {
    const uri = "msrps://relay.example:2855;tcp";
    const credentials = StaticCredentials.of("relay.example", { alice: "secret" });
    const app = makeRelay("relay.example", uri, credentials, {});
    let made: Peer | undefined;
    memoryPair((transport) => (made = new Peer(transport)), app.accept, { secure: true });
    await settle();
    const peer = made as Peer;
    const from = "msrps://alice.invalid:7000/abc;tcp";
    const client = new ClientAuth({ credentials: { username: "alice", password: "secret" } });
    const exchange = client.begin(uri, { secure: true, verified: true });
    peer.write(request({ method: "AUTH", to: uri, from }));
    const challenge = await peer.frame();
    expect(challenge.what).toBe("401");
    const authorization = await exchange.challenged(Object.entries(challenge.headers));
    peer.write(request({ method: "AUTH", to: uri, from, headers: [`Authorization: ${authorization}`] }));
    const ok = await peer.frame();
    expect(ok.headers["Use-Path"]).toMatch(/^msrps:\/\/relay\.example:2855\/\w+;tcp$/);
    peer.write(request({ to: `msrps://relay.example:2855/guess;tcp ${from}`, from }));
    expect((await peer.frame()).what).toBe("481");
    await app.close({ drainMs: 0 });
  });
});
