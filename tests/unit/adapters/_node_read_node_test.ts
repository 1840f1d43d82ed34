// Sockets that read into the buffer of the process: what is delivered, the end, pausing, and a socket without a handle.
// Run by Node only; the transport suite there tests the whole of it.
import { once } from "node:events";
import net from "node:net";
import tls from "node:tls";
import { describe, expect, test } from "#test";
import { adopt, type Reads, secureReads, sharedReads } from "../../../adapters/_node_read.ts";
import { makeCertificates } from "../../../testing/certificates.ts";

async function adopted(): Promise<{
  socket: net.Socket;
  reads: Reads;
  peer: net.Socket;
  server: net.Server;
}> {
  const server = net.createServer({ allowHalfOpen: true, pauseOnConnect: true }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const peer = net.connect({ port: (server.address() as net.AddressInfo).port, host: "127.0.0.1" });
  const [accepted] = (await once(server, "connection")) as [net.Socket];
  const { socket, reads } = adopt(accepted);
  expect(socket).not.toBe(accepted);
  return { socket, reads: reads as Reads, peer, server };
}

/** Collects what comes until `count` octets are there. */
function collect(reads: Reads, count: number): Promise<string> {
  let text = "";
  return new Promise((resolve) => {
    reads.deliver = (bytes) => {
      text += new TextDecoder().decode(bytes);
      if (text.length >= count) resolve(text);
    };
  });
}

describe("reads into the shared buffer", () => {
  test("an accepted socket is adopted: its octets, its end, and its place among the listener's connections", async () => {
    const { socket, reads, peer, server } = await adopted();
    const text = collect(reads, 5);
    const ended = once(socket, "end");
    socket.resume();
    peer.write("hello");
    expect(await text).toBe("hello");
    expect(socket.remotePort).toBe(peer.localPort);
    const answer = once(peer, "data");
    socket.write("back");
    expect(String((await answer)[0])).toBe("back");
    peer.end();
    await ended;
    const closed = once(socket, "close");
    socket.end();
    await closed;
    // Nothing is left that would keep the listener open.
    const over = once(server, "close");
    server.close();
    await over;
  });

  test("two sockets share the buffer, and each gets its own octets during its own call", async () => {
    const [first, second] = [await adopted(), await adopted()];
    const seen: Uint8Array[] = [];
    const texts = [first, second].map(({ reads }) => {
      const text = collect(reads, 3);
      const { deliver } = reads;
      reads.deliver = (bytes) => {
        seen.push(bytes);
        deliver(bytes);
      };
      return text;
    });
    first.peer.write("one");
    second.peer.write("two");
    expect(await Promise.all(texts)).toEqual(["one", "two"]);
    expect(seen[0]?.buffer).toBe(seen[1]?.buffer as ArrayBuffer);
    for (const { socket, peer, server } of [first, second]) {
      socket.destroy();
      peer.destroy();
      server.close();
    }
  });

  test("nothing is delivered while the socket is paused", async () => {
    const { socket, reads, peer, server } = await adopted();
    let octets = 0;
    let whole = (): void => {};
    const all = new Promise<void>((resolve) => {
      whole = resolve;
    });
    let pausedAt = -1;
    reads.deliver = (bytes) => {
      octets += bytes.length;
      if (pausedAt < 0) {
        pausedAt = octets;
        socket.pause();
      }
      if (octets === 4_000_000) whole();
    };
    peer.write(new Uint8Array(4_000_000));
    // A round trip of another connection: reads that were due have happened.
    for (let turn = 0; turn < 3; turn++) {
      const other = await adopted();
      const text = collect(other.reads, 1);
      other.peer.write("x");
      await text;
      other.socket.destroy();
      other.peer.destroy();
      other.server.close();
    }
    expect(octets).toBe(pausedAt);
    socket.resume();
    await all;
    expect(octets).toBe(4_000_000);
    socket.destroy();
    peer.destroy();
    server.close();
  });

  test("a socket whose handle cannot do it comes back as it was", () => {
    const socket = new net.Socket();
    expect(adopt(socket).socket).toBe(socket);
    expect(adopt(socket).reads).toBe(undefined);
    expect(sharedReads()?.onread.buffer).toBe(sharedReads()?.onread.buffer as Uint8Array);
  });

  test("a socket of TLS reads into it once its handshake is done: its octets, its pauses and its end", async () => {
    const { server: identity, ca } = await makeCertificates();
    const server = tls.createServer({ ...identity, allowHalfOpen: true }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as net.AddressInfo;
    const peer = tls.connect({ port, host: "127.0.0.1", servername: "localhost", ca });
    const [socket] = (await once(server, "secureConnection")) as [tls.TLSSocket];
    const reads = secureReads(socket) as Reads;
    const count = 4_000_000;
    const [seen, pauses]: [Set<ArrayBufferLike>, number[]] = [new Set(), []];
    let octets = 0;
    reads.deliver = (bytes) => {
      seen.add(bytes.buffer);
      // What a pause cuts off comes later, and in order.
      expect(bytes.every((byte, index) => byte === ((octets + index) & 0xff))).toBe(true);
      octets += bytes.length;
      if (octets < count / 2 || pauses.length > 0) return;
      pauses.push(octets);
      socket.pause();
      setImmediate(() => socket.resume());
    };
    const ended = once(socket, "end");
    socket.resume();
    peer.end(Uint8Array.from({ length: count }, (_, index) => index & 0xff));
    await ended;
    expect([octets, pauses.length, seen.size]).toEqual([count, 1, 1]);
    const { buffer } = (sharedReads() as Reads).onread;
    expect(seen.has((buffer as Uint8Array).buffer)).toBe(true);
    const answer = once(peer, "data");
    socket.end("back");
    expect(String((await answer)[0])).toBe("back");
    server.close();
  });

  test("a socket that has octets already, or is none of TLS, keeps its events", () => {
    expect(secureReads(new net.Socket())).toBe(undefined);
    let asked = 0;
    const handle = {
      useUserBuffer: () => {
        asked++;
      },
    };
    const like = (readableLength: number, fields: object): net.Socket =>
      ({ _handle: handle, readableLength, ...fields }) as unknown as net.Socket;
    const fields = Object.fromEntries(
      ["kBuffer", "kBufferCb", "kBufferGen"].map((name) => [Symbol(name), null]),
    );
    expect([secureReads(like(6, fields)), secureReads(like(0, {})), asked]).toEqual([
      undefined,
      undefined,
      0,
    ]);
    expect([secureReads(like(0, fields)) === undefined, asked]).toEqual([false, 1]);
  });
});
