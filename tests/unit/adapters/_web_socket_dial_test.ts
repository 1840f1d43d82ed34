// Opening WebSockets with what each runtime has, to servers that are right, wrong, slow or absent.

import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { createServer, type Server, type Socket } from "node:net";
import { type WebSocket, WebSocketServer } from "ws";
import { afterAll, describe, expect, test } from "#test";
import { openWebSocket, type WebSocketConstructor } from "../../../adapters/_web_socket_dial.ts";
import type { TransportSink } from "../../../core/node/transport.ts";
import { makeCertificates } from "../../../testing/certificates.ts";
import { rejection } from "../../support/nodes.ts";
import { webSocketAccept } from "../../support/web_socket_key.ts";

type Coded = Error & { code: string };

const open: (() => void)[] = [];
afterAll(() => {
  for (const close of open) close();
});

function sink(received: (bytes: Uint8Array) => void = () => undefined): TransportSink {
  return { received, drained: () => undefined, ended: () => undefined };
}

/** A server that speaks whatever `serve` writes. */
async function raw(serve: (request: string, socket: Socket) => void): Promise<string> {
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (data) => serve(data.toString("latin1"), socket));
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  open.push(() => server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}/msrp`;
}

function upgrade(request: string, accept: (key: string) => string, more = ""): string {
  const key = /sec-websocket-key: *(\S+)/i.exec(request)?.[1] ?? "";
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept(key)}\r\n${more}\r\n`;
}

async function server(connected: (socket: WebSocket) => void): Promise<string> {
  const wss = new WebSocketServer({ port: 0, host: "127.0.0.1", handleProtocols: () => "msrp" });
  wss.on("connection", connected);
  await new Promise((listening) => wss.once("listening", listening));
  open.push(() => {
    for (const client of wss.clients) client.terminate();
    wss.close();
  });
  return `ws://127.0.0.1:${(wss.address() as AddressInfo).port}/`;
}

describe("openWebSocket", () => {
  test("RFC 7977 §5.1: octets go both ways, one frame a message; a message in three frames is one [7977-5.1-07]", async () => {
    const url = await server((socket) => {
      socket.on("message", (data) => {
        const bytes = data as Buffer;
        socket.send(bytes.subarray(0, 2), { fin: false, binary: true });
        socket.send(bytes.subarray(2, 4), { fin: false, binary: true });
        socket.send(bytes.subarray(4), { fin: true, binary: true });
      });
    });
    const text = await new Promise<string>((resolve, reject) => {
      const accept = () => sink((bytes) => resolve(new TextDecoder().decode(bytes)));
      openWebSocket(url, accept, {}).then((one) => {
        expect([one.framing, one.secure, one.remoteAddress]).toEqual(["message", false, "127.0.0.1"]);
        one.write(new TextEncoder().encode("there and back"));
      }, reject);
    });
    expect(text).toBe("there and back");
  });

  test("RFC 6455 §4.1: a server that answers wrongly is none [6455-4.1-02] [6455-4.1-03]", async () => {
    const wrongKey = (request: string) =>
      upgrade(request, () => "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "Sec-WebSocket-Protocol: msrp\r\n");
    const answers = [
      // Deno's own takes any Sec-WebSocket-Accept (denoland/fastwebsockets checks none), and cannot be told otherwise.
      ...("Deno" in globalThis ? [] : [wrongKey]),
      (request: string) => upgrade(request, webSocketAccept, "Sec-WebSocket-Protocol: sip\r\n"),
      () => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
      (request: string) =>
        upgrade(request, webSocketAccept, "Sec-WebSocket-Protocol: msrp\r\n").replace(
          "Upgrade: websocket\r\n",
          "",
        ),
    ];
    for (const answer of answers) {
      const url = await raw((request, socket) => socket.write(answer(request)));
      const error = await rejection<Coded>(openWebSocket(url, () => sink(), { connectTimeoutMs: 5000 }));
      // Not every runtime minds the name of another sub-protocol; then we do.
      expect(["connect-failed", "no-subprotocol"]).toContain(error.code);
    }
  });

  test("RFC 7977 §4.1: a server that does not name msrp is left", async () => {
    const url = await raw((request, socket) => socket.write(upgrade(request, webSocketAccept)));
    const error = await rejection<Coded>(openWebSocket(url, () => sink(), {}));
    // Some runtimes see the fault themselves.
    expect(["no-subprotocol", "connect-failed"]).toContain(error.code);
  });

  test("nobody there, nobody answering, and a caller who gives up", async () => {
    const url = await raw(() => undefined);
    const slow = await rejection<Coded>(openWebSocket(url, () => sink(), { connectTimeoutMs: 50 }));
    expect(slow.code).toBe("connect-timeout");
    const give = new AbortController();
    const opening = rejection<Coded>(openWebSocket(url, () => sink(), {}, { signal: give.signal }));
    give.abort();
    expect((await opening).code).toBe("aborted");
    const absent = await rejection<Coded>(openWebSocket("ws://127.0.0.1:9/", () => sink(), {}));
    expect(absent.code).toBe("connect-failed");
  });

  test("a page that may not open the WebSocket is told like of any that cannot be opened", async () => {
    class Forbidden {
      constructor() {
        throw new DOMException("An insecure WebSocket may not be opened", "SecurityError");
      }
    }
    const options = { WebSocket: Forbidden as unknown as WebSocketConstructor };
    const error = await rejection<Coded>(openWebSocket("ws://relay.example/", () => sink(), options));
    expect([error.code, error.message]).toEqual([
      "connect-failed",
      "Cannot connect to relay.example: An insecure WebSocket may not be opened",
    ]);
  });

  test("RFC 7977 §9: a certificate that nobody vouches for is refused [7977-9-01]", async () => {
    const { cert, key } = (await makeCertificates()).unknownServer;
    const https = createTlsServer({ cert, key });
    const wss = new WebSocketServer({ server: https, handleProtocols: () => "msrp" });
    let connected = 0;
    wss.on("connection", () => connected++);
    https.on("tlsClientError", () => undefined);
    await new Promise<void>((listening) => https.listen(0, "127.0.0.1", listening));
    open.push(() => https.close());
    const url = `wss://localhost:${(https.address() as AddressInfo).port}/`;
    const error = await rejection<Coded>(openWebSocket(url, () => sink(), {}));
    expect([error.code, connected]).toEqual(["connect-failed", 0]);
  });
});
