// What only Deno's listening and connecting have: TLS over pipes, so a handshake that was given up leaves no connection behind.
// The rest is tested by the transport suite. Run by Deno only.
import { describe, expect, test } from "#test";
import { denoAttempt, denoListen } from "../../../adapters/_deno_net.ts";
import { resolveLimits } from "../../../adapters/_limits.ts";
import { makeCertificates } from "../../../testing/certificates.ts";
import { latch, Probes } from "../../../testing/probe.ts";

describe("denoListen and denoAttempt", () => {
  test("a handshake that takes too long is closed for the peer too", async () => {
    const { server } = await makeCertificates();
    const failed = latch<Error>();
    const tls = { cert: server.cert, key: server.key };
    const options = { host: "127.0.0.1", port: 0, tls, handshakeTimeoutMs: 30, onError: failed.resolve };
    const listener = denoListen(new Probes().accept, options);
    const silent = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
    expect(await silent.read(new Uint8Array(1))).toBe(null);
    expect((await failed.promise).message).toContain("127.0.0.1");
    expect(listener.connections).toBe(0);
    silent.close();
    await listener.close();
  });

  test("a client that gives up in mid-handshake leaves no connection behind", async () => {
    const stalled = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const stop = new AbortController();
    const { port } = stalled.addr;
    const target = { host: "127.0.0.1", port, secure: true };
    const place = { address: "127.0.0.1", port };
    const work = denoAttempt(place, target, new Probes().accept, resolveLimits({}), stop.signal);
    const conn = await stalled.accept();
    const buffer = new Uint8Array(4_096);
    await conn.read(buffer);
    const reason = new Error("no longer wanted");
    stop.abort(reason);
    expect(await work.catch((error: unknown) => error)).toBe(reason);
    expect(await conn.read(buffer).catch(() => null)).toBe(null);
    conn.close();
    stalled.close();
  });

  test("an accept that throws costs its connection only", async () => {
    const heard = latch<Error>();
    const refuse = (): never => {
      throw new Error("no room");
    };
    const listener = denoListen(refuse, { host: "127.0.0.1", port: 0, onError: heard.resolve });
    const conn = await Deno.connect({ hostname: "127.0.0.1", port: listener.port });
    expect((await heard.promise).message).toBe("no room");
    expect(await conn.read(new Uint8Array(1)).catch(() => null)).toBe(null);
    expect(listener.connections).toBe(0);
    conn.close();
    await listener.close();
  });
});
