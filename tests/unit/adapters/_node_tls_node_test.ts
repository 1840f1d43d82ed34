// The judgement on a peer with node:tls: what is asked of TLS for each way of checking, and where a refusal ends up.
// Run by Node only; the transport suite tests the same on the wire of every runtime.
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { describe, expect, test } from "#test";
import { clientHandshake, clientTls, tlsServer } from "../../../adapters/_node_tls.ts";
import { makeCertificates } from "../../../testing/certificates.ts";
import { latch } from "../../../testing/probe.ts";

const target = { host: "localhost", port: 1, secure: true };

describe("clientTls", () => {
  test("TLS 1.2 at least, the name sent, the authority asked unless something else judges [8996-1.1-01]", () => {
    const plain = clientTls({ ...target, tls: { ca: "CA" } });
    expect([plain.minVersion, plain.servername, plain.rejectUnauthorized, plain.ca]).toEqual([
      "TLSv1.2",
      "localhost",
      true,
      "CA",
    ]);
    expect(clientTls({ ...target, tls: { fingerprints: [] } }).rejectUnauthorized).toBe(false);
    expect(clientTls({ ...target, host: "127.0.0.1" }).servername).toBe("");
    expect("ALPNProtocols" in plain).toBe(false);
  });
});

describe("tlsServer and clientHandshake", () => {
  test("a good peer is handed over with its certificate, a bad one is refused on both sides", async () => {
    const { ca, server, client, unknownClient } = await makeCertificates();
    const served: (Uint8Array | undefined)[] = [];
    let settled = latch<Error | undefined>();
    const handshake = {
      timeoutMs: 5_000,
      onSecure: (socket: tls.TLSSocket, peer?: { der: Uint8Array }) => {
        served.push(peer?.der);
        socket.destroy();
        settled.resolve(undefined);
      },
      onError: (error: Error) => settled.resolve(error),
    };
    const options = { cert: server.cert, key: server.key, ca, requestCert: true };
    const listening = tlsServer(options, handshake, {}).listen(0, "127.0.0.1");
    await once(listening, "listening");
    const { port } = listening.address() as net.AddressInfo;
    for (const own of [client, unknownClient]) {
      settled = latch();
      const wanted = { ...target, tls: { ca, cert: own.cert, key: own.key } };
      const socket = tls.connect({ ...clientTls(wanted), socket: net.connect(port, "127.0.0.1") });
      const peer = await clientHandshake(socket, wanted, new AbortController().signal);
      expect([peer?.verified, Buffer.compare(peer?.der ?? new Uint8Array(), server.der)]).toEqual([true, 0]);
      socket.on("error", () => {});
      const error = await settled.promise;
      expect(error === undefined).toBe(own === client);
      socket.destroy();
    }
    expect(served.length).toBe(1);
    expect(Buffer.compare(served[0] ?? new Uint8Array(), client.der)).toBe(0);
    listening.close();
  });

  test("the signal ends a handshake that nobody answers", async () => {
    const silent = net.createServer().listen(0, "127.0.0.1");
    await once(silent, "listening");
    silent.on("connection", (socket) => socket.on("error", () => {}));
    const { port } = silent.address() as net.AddressInfo;
    const stop = new AbortController();
    const socket = tls.connect({ ...clientTls(target), socket: net.connect(port, "127.0.0.1") });
    const reason = new Error("no longer wanted");
    const work = clientHandshake(socket, target, stop.signal);
    stop.abort(reason);
    expect(await work.catch((error: unknown) => error)).toBe(reason);
    expect(socket.destroyed).toBe(true);
    silent.close();
  });
});
