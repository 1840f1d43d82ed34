// The wait for a socket to open: every way in which it ends, and what is left on the socket.
// Run by Node only.
import { once } from "node:events";
import net from "node:net";
import { describe, expect, test } from "#test";
import { opened } from "../../../adapters/_node_opened.ts";

async function connecting(): Promise<{ socket: net.Socket; close: () => void }> {
  const server = net.createServer((socket) => socket.on("error", () => {})).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = net.connect((server.address() as net.AddressInfo).port, "127.0.0.1");
  return { socket, close: () => server.close() };
}

const never = new AbortController().signal;
const reasonOf = (work: Promise<void>): Promise<unknown> =>
  work.then(() => undefined).catch((error) => error);
const listeners = (socket: net.Socket): number[] =>
  ["error", "close"].map((name) => socket.listenerCount(name));

describe("opened", () => {
  test("ends when the socket is open, and leaves nothing on it", async () => {
    const { socket, close } = await connecting();
    const before = listeners(socket);
    await opened(socket, "connect", never);
    expect([listeners(socket), socket.destroyed]).toEqual([before, false]);
    socket.destroy();
    close();
  });

  test("a fault that is found in what has opened destroys it", async () => {
    const { socket, close } = await connecting();
    const fault = new Error("not the one");
    expect(await reasonOf(opened(socket, "connect", never, () => fault))).toBe(fault);
    expect(socket.destroyed).toBe(true);
    close();
  });

  test("the signal's reason destroys it too", async () => {
    const { socket, close } = await connecting();
    const stop = new AbortController();
    const waiting = reasonOf(opened(socket, "connect", stop.signal));
    const reason = new Error("too late");
    stop.abort(reason);
    expect([await waiting, socket.destroyed]).toEqual([reason, true]);
    close();
  });

  test("a socket that fails or closes first is told as that", async () => {
    const socket = new net.Socket();
    const failing = reasonOf(opened(socket, "connect", never));
    const refused = new Error("refused");
    socket.destroy(refused);
    expect(await failing).toBe(refused);
    const other = new net.Socket();
    const closing = reasonOf(opened(other, "connect", never));
    other.destroy();
    expect(String(await closing)).toBe("Error: the peer closed the connection");
  });
});
