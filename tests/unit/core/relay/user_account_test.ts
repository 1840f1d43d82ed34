// Who has logged in over a connection is there for plugins, and for nobody else's connection.
// Logins are real ones at a relay in memory.
import { expect, test } from "#test";
import { type ConnectionHandle, definePlugin, handshakeUser, relayUser } from "../../../../core/mod.ts";
import { RelayBench, request } from "../../../support/relay_bench.ts";

test("RFC 4976 §6.3: the user of an AUTH is on the connection that it came on", async () => {
  const connections: ConnectionHandle[] = [];
  const plugin = definePlugin({
    name: "look",
    connect: (c, next) => {
      if (c.connection !== undefined) connections.push(c.connection);
      return next();
    },
  });
  const bench = new RelayBench({}, plugin);
  const alice = await bench.peer();
  await bench.peer();
  await bench.auth(alice, "alice", { password: "wrong" });
  expect(connections.map((one) => one.get(relayUser))).toEqual([undefined, undefined]);
  await bench.login(alice, "alice");
  expect(connections.map((one) => one.get(relayUser))).toEqual([
    { user: "alice", realm: "relay.example" },
    undefined,
  ]);
  await bench.close();
});

test("RFC 7977 §5.3.1: a relay without credentials of its own takes the word of a plugin, per request, and no other", async () => {
  const plugin = definePlugin({
    name: "told",
    request: (c, next) => {
      if (c.headers.has("X-Alice")) c.set(handshakeUser, { user: "alice" });
      return next();
    },
  });
  const bench = new RelayBench({ authenticator: "plugin" }, plugin);
  const alice = await bench.peer();
  const ask = async (headers: string[]): Promise<string> => {
    alice.write(request({ method: "AUTH", to: bench.authUri, from: alice.uri, headers }));
    return (await alice.heard()).join();
  };
  expect([await ask([]), await ask(["X-Alice: 1"]), await ask([])]).toEqual(["403", "200", "403"]);
  await bench.close();
});
