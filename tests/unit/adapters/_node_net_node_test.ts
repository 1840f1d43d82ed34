// What only Node's listening has: an option that its version must know, and a handshake that outlives the listener.
// The rest is tested by the transport suite. Run by Node only.
import process from "node:process";
import { promisify } from "node:util";
import { describe, expect, test } from "#test";
import { nodeListen } from "../../../adapters/_node_net.ts";
import { makeCertificates } from "../../../testing/certificates.ts";
import { latch, Probes } from "../../../testing/probe.ts";
import { rawConnect } from "../../../testing/transport_pair.ts";

const setImmediate = promisify(globalThis.setImmediate);

describe("nodeListen", () => {
  test("reusePort works where Node knows it, and says so where it does not", async () => {
    const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
    const known = major > 23 || (major === 23 && minor >= 1);
    const listening = nodeListen(new Probes().accept, { host: "127.0.0.1", port: 0, reusePort: true });
    const outcome = await listening.then(
      async (listener) => {
        await listener.close();
        return "listening";
      },
      (error: { code: string }) => error.code,
    );
    expect(outcome).toBe(known ? "listening" : "option-unsupported");
  });

  test("a handshake that times out frees its place and its socket", async () => {
    const { server } = await makeCertificates();
    const failed = latch<Error>();
    const tls = { cert: server.cert, key: server.key };
    const options = { host: "127.0.0.1", port: 0, tls, handshakeTimeoutMs: 30, onError: failed.resolve };
    const listener = await nodeListen(new Probes().accept, options);
    const socket = await rawConnect(listener.port);
    const closed = latch<void>();
    socket.on("error", () => {});
    socket.on("end", () => socket.end());
    socket.on("close", () => closed.resolve());
    socket.resume();
    expect(((await failed.promise) as { code?: string }).code).toBe("tls");
    await closed.promise;
    // Our side of the socket closes in a turn of its own.
    for (let turn = 0; turn < 1_000 && listener.connections > 0; turn += 1) await setImmediate();
    expect(listener.connections).toBe(0);
    await listener.close();
  });

  test("an accept that throws costs its connection only", async () => {
    const heard = latch<Error>();
    const refuse = (): never => {
      throw new Error("no room");
    };
    const listener = await nodeListen(refuse, { host: "127.0.0.1", port: 0, onError: heard.resolve });
    const socket = await rawConnect(listener.port).catch(() => undefined);
    socket?.on("error", () => {});
    expect((await heard.promise).message).toBe("no room");
    socket?.destroy();
    await listener.close({ connections: "abort" });
  });
});
