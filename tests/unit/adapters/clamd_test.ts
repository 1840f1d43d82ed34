// clamd() against a server that plays clamd: the octets of INSTREAM, its answers, and what happens when it does not
// answer. The real daemon is in tests/interop/clamd_test.ts.
import { createServer, type Server, type Socket } from "node:net";
import { afterAll, describe, expect, test } from "#test";
import { type ClamdOptions, clamd } from "../../../adapters/clamd.ts";

interface Stub {
  readonly port: number;
  /** What the connections have sent, without the lengths. */
  readonly received: string[];
  readonly sockets: Set<Socket>;
}

const servers: Server[] = [];

/** A server that reads one command, and for INSTREAM its pieces, and then lets `answer` decide. */
async function stub(answer: (command: string, text: string, socket: Socket) => void): Promise<Stub> {
  const received: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let bytes = Buffer.alloc(0);
    let command: string | undefined;
    let text = "";
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (more: Buffer) => {
      bytes = Buffer.concat([bytes, more]);
      if (command === undefined) {
        const end = bytes.indexOf(0);
        if (end < 0) return;
        command = bytes.subarray(0, end).toString();
        bytes = bytes.subarray(end + 1);
        if (command !== "zINSTREAM") answer(command, "", socket);
      }
      while (bytes.length >= 4 && bytes.length >= 4 + bytes.readUInt32BE(0)) {
        const length = bytes.readUInt32BE(0);
        text += bytes.subarray(4, 4 + length).toString();
        bytes = bytes.subarray(4 + length);
        if (length > 0) continue;
        received.push(text);
        answer(command, text, socket);
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: (server.address() as { port: number }).port, received, sockets };
}

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

async function scan(options: ClamdOptions, ...pieces: string[]) {
  const one = clamd(options).open();
  for (const piece of pieces) await one.write(utf8(piece));
  return one.finish();
}

describe("clamd()", () => {
  afterAll(() => {
    for (const server of servers) server.close();
  });

  test("sends pieces with their lengths, and reads the verdict", async () => {
    const { port, received } = await stub((_command, text, socket) =>
      socket.end(text.includes("bad") ? "stream: Test.Bad-1 FOUND\0" : "stream: OK\0"),
    );
    const options = { host: "127.0.0.1", port };
    expect(await scan(options, "good ", "", "content")).toEqual({ infected: false });
    expect(await scan(options, "b", "ad")).toEqual({ infected: true, name: "Test.Bad-1" });
    expect(await scan(options)).toEqual({ infected: false });
    expect(received).toEqual(["good content", "bad", ""]);
  });

  test("what is no verdict is an error, and so is an end without an answer", async () => {
    const { port } = await stub((_command, text, socket) => socket.end(text === "end" ? "" : `${text}\0`));
    const options = { host: "127.0.0.1", port };
    await expect(scan(options, "INSTREAM size limit exceeded. ERROR")).rejects.toThrow("size limit exceeded");
    await expect(scan(options, "stream: FOUND")).rejects.toThrow("did not scan");
    await expect(scan(options, "end")).rejects.toThrow("without an answer");
  });

  test("nobody there", async () => {
    const { port } = await stub(() => undefined);
    const gone = createServer();
    await new Promise<void>((resolve) => gone.listen(0, "127.0.0.1", resolve));
    const free = (gone.address() as { port: number }).port;
    await new Promise<void>((resolve) => void gone.close(() => resolve()));
    await expect(scan({ host: "127.0.0.1", port: free }, "x")).rejects.toThrow("clamd cannot be used");
    await expect(scan({ path: "/nonexistent/clamd.ctl" }, "x")).rejects.toThrow("clamd cannot be used");
    await expect(scan({ host: "127.0.0.1", port, idleTimeoutMs: 30 }, "x")).rejects.toThrow(
      "idle for too long",
    );
  });

  test("ping", async () => {
    const { port } = await stub((command, _text, socket) =>
      socket.end(command === "zPING" ? "PONG\0" : "?\0"),
    );
    await clamd({ host: "127.0.0.1", port }).ping();
    const { port: odd } = await stub((_command, _text, socket) => socket.end("HUH\0"));
    await expect(clamd({ host: "127.0.0.1", port: odd }).ping()).rejects.toThrow('answered "HUH"');
  });

  test("so many connections at a time; others wait, and one too many fails at once", async () => {
    const held: Socket[] = [];
    const { port, received } = await stub((_command, _text, socket) => void held.push(socket));
    const scanner = clamd({ host: "127.0.0.1", port, maxConnections: 1, maxWaiting: 1 });
    const first = scanner.open();
    await first.write(utf8("one"));
    const second = scanner.open();
    const written = second.write(utf8("two"));
    expect(() => scanner.open()).toThrow("Too many messages wait for clamd");
    first.abort();
    await written;
    const verdict = second.finish();
    await expect(first.finish()).rejects.toThrow("aborted");
    const answered = new Promise<void>((resolve) => {
      const look = setInterval(() => {
        if (held.length === 0) return;
        clearInterval(look);
        held[0]?.end("stream: OK\0");
        resolve();
      }, 5);
    });
    await answered;
    expect([await verdict, received]).toEqual([{ infected: false }, ["two"]]);
    const third = scanner.open();
    third.abort();
  });

  test("a reader that is slow holds back the writer", async () => {
    const server = createServer((socket) => socket.pause());
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const one = clamd({ host: "127.0.0.1", port: (server.address() as { port: number }).port }).open();
    await one.write(new Uint8Array(1));
    let blocked: Promise<void> | undefined;
    for (let count = 0; count < 1000 && blocked === undefined; count++)
      blocked = one.write(new Uint8Array(65_536)) as Promise<void> | undefined;
    expect(blocked).toBeInstanceOf(Promise);
    one.abort();
    await blocked;
    await expect(one.finish()).rejects.toThrow("aborted");
  });

  test("refuses options that are wrong", () => {
    for (const options of [
      {},
      { host: "x" },
      { path: "" },
      { path: "/x", host: "y", port: 1 },
      { path: "/x", maxConnections: 0 },
      { path: "/x", other: 1 },
    ])
      expect(() => clamd(options as unknown as ClamdOptions)).toThrow(TypeError);
  });
});
