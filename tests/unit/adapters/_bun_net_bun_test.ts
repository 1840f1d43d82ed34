// What only Bun's listening and connecting have: a handshake that is counted while it lasts, and a connect that comes too late.
// The rest is tested by the transport suite. Run by Bun only.
import { describe, expect, test } from "#test";
import { bunAttempt, bunListen } from "../../../adapters/_bun_net.ts";
import { resolveLimits } from "../../../adapters/_limits.ts";
import { makeCertificates } from "../../../testing/certificates.ts";
import { latch, Probes } from "../../../testing/probe.ts";
import { rawConnect } from "../../../testing/transport_pair.ts";

describe("bunListen", () => {
  test("a handshake counts as a connection until it fails", async () => {
    const { server } = await makeCertificates();
    const failed = latch<Error>();
    const tls = { cert: server.cert, key: server.key };
    const options = { host: "127.0.0.1", port: 0, tls, handshakeTimeoutMs: 30, onError: failed.resolve };
    const listener = bunListen(new Probes().accept, options);
    const socket = await rawConnect(listener.port);
    socket.on("error", () => {});
    await failed.promise;
    expect(listener.connections).toBe(0);
    socket.destroy();
    await listener.close();
  });

  test("an accept that throws costs its connection only", async () => {
    const heard = latch<Error>();
    const refuse = (): never => {
      throw new Error("no room");
    };
    const listener = bunListen(refuse, { host: "127.0.0.1", port: 0, onError: heard.resolve });
    const socket = await rawConnect(listener.port).catch(() => undefined);
    socket?.on("error", () => {});
    expect((await heard.promise).message).toBe("no room");
    socket?.destroy();
    await listener.close({ connections: "abort" });
    expect(listener.connections).toBe(0);
  });
});

describe("bunAttempt", () => {
  test("given up before the connection stands: rejected at once, dropped when it comes", async () => {
    const servers = new Probes();
    const listener = bunListen(servers.accept, { host: "127.0.0.1", port: 0 });
    const stop = new AbortController();
    const clients = new Probes();
    const target = { host: "127.0.0.1", port: listener.port, secure: false };
    const place = { address: "127.0.0.1", port: listener.port };
    const work = bunAttempt(place, target, clients.accept, resolveLimits({}), stop.signal);
    const reason = new Error("no longer wanted");
    stop.abort(reason);
    expect(await work.catch((error: unknown) => error)).toBe(reason);
    const server = await servers.next();
    await server.ended_;
    expect(clients.all.length).toBe(0);
    await listener.close();
  });
});
