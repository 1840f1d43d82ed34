// A gateway between a data channel and TCP (RFC 8873 §6): frames as they are where they fit, pieces where not, and the ends.
import { describe, expect, test } from "#test";
import {
  DataChannelGateway,
  type DataChannelGatewayOptions,
} from "../../../adapters/_data_channel_gateway.ts";
import { openDataChannel } from "../../../adapters/data_channel.ts";
import { FakeClock, MemoryNetwork, settle } from "../../../adapters/memory.ts";
import type { MsrpError } from "../../../core/errors.ts";
import { Msrp } from "../../../core/node/node.ts";
import type { Transport, TransportSink } from "../../../core/node/transport.ts";
import type { Session } from "../../../core/session/session.ts";
import { createSessionId } from "../../../core/wire/ident.ts";
import { MsrpUri } from "../../../core/wire/uri.ts";
import { WireReader, type Written } from "../../support/connections.ts";
import { MemoryChannel } from "../../support/data_channels.ts";
import { rejection } from "../../support/nodes.ts";

const dc = (): MsrpUri => MsrpUri.parse(`msrps://x.invalid:9/${createSessionId()};dc`);
const tcp = (): MsrpUri => MsrpUri.parse(`msrps://bob.example:2855/${createSessionId()};tcp`);

/** Two nodes with a gateway between them: the first on the data channel, the second on TLS. */
class Scene {
  readonly clock = new FakeClock();
  readonly network = new MemoryNetwork({ clock: this.clock });
  readonly apps = [new Msrp({ clock: this.clock }), new Msrp({ clock: this.clock })] as const;
  readonly ends = MemoryChannel.pair();
  readonly uris = [dc(), tcp()] as const;
  readonly gateway: DataChannelGateway;

  constructor(options: DataChannelGatewayOptions = {}) {
    this.gateway = new DataChannelGateway(this.ends[1], { clock: this.clock, ...options });
  }

  async sessions(): Promise<[Session, Session]> {
    const [app, far] = this.apps;
    this.network.listen("bob.example", 2855, far.accept, true);
    const passive = far.session({ local: this.uris[1], remote: this.uris[0] });
    const [end] = this.ends;
    const opening = openDataChannel(app, end, {
      local: this.uris[0],
      remote: this.uris[1],
      role: "active",
      clock: this.clock,
    });
    await this.network.connect({ host: "bob.example", port: 2855, secure: true }, this.gateway.accept);
    return [await opening, passive];
  }

  async close(): Promise<void> {
    for (const app of this.apps) await app.close({ drainMs: 0 });
    await settle();
  }
}

async function next(session: Session): Promise<string> {
  for await (const message of session) return await message.text();
  throw new Error("the session ended");
}

/** A TCP side made of raw octets. */
class Raw {
  readonly frames: Written[] = [];
  readonly reader = new WireReader();
  sink: TransportSink | undefined;
  room = true;
  pauses = 0;
  resumes = 0;
  closes = 0;
  aborts = 0;

  join(gateway: DataChannelGateway, clock: FakeClock): this {
    const raw = this;
    const transport = {
      clock,
      framing: "stream",
      secure: true,
      remoteAddress: "",
      write(bytes: Uint8Array) {
        raw.frames.push(...raw.reader.read(bytes));
        return raw.room;
      },
      pause: () => raw.pauses++,
      resume: () => raw.resumes++,
      close: () => raw.closes++,
      abort: () => raw.aborts++,
    } as unknown as Transport;
    this.sink = gateway.accept(transport);
    return this;
  }

  sends(body: string, uris: readonly MsrpUri[], lines: readonly string[] = [], id = "raw00001"): void {
    const head = [
      `MSRP ${id} SEND`,
      `To-Path: ${uris[0]}`,
      `From-Path: ${uris[1]}`,
      "Message-ID: m0001",
      ...lines,
    ];
    this.text(`${head.join("\r\n")}\r\nContent-Type: text/plain\r\n\r\n${body}\r\n-------${id}$\r\n`);
  }

  text(text: string): void {
    this.sink?.received(new TextEncoder().encode(text));
  }
}

/** Answers the request in a channel message. */
function answer(end: MemoryChannel, message: string, status: string): void {
  const [, id, to, from] = /^MSRP (\S+) [\s\S]*?To-Path: (\S+)\r\nFrom-Path: (\S+)/.exec(message) ?? [];
  end.send(
    new TextEncoder().encode(
      `MSRP ${id} ${status}\r\nTo-Path: ${from}\r\nFrom-Path: ${to}\r\n-------${id}$\r\n`,
    ),
  );
}

describe("DataChannelGateway", () => {
  test("RFC 8873 §6: paths pass as they are, both ways, and so do ids of frames that fit [8873-6-01] [8873-6-02]", async () => {
    const scene = new Scene();
    const [near, far] = await scene.sessions();
    near.send("hello");
    expect(await next(far)).toBe("hello");
    far.send("and back");
    expect(await next(near)).toBe("and back");
    const frames = scene.ends[1].sent.filter((frame) => frame.includes("and back"));
    expect(frames.map((frame) => frame.split("\r\n").slice(1, 3))).toEqual([
      [`To-Path: ${scene.uris[0]}`, `From-Path: ${scene.uris[1]}`],
    ]);
    await scene.close();
  });

  test("RFC 8873 §5.4: a long chunk of the TCP side becomes pieces that fit, and is answered once [8873-5.4-01] [8873-6-01] [8873-6-02]", async () => {
    for (const limit of [8192, 2000, 1024]) {
      const scene = new Scene({ peerMaxMessageBytes: limit });
      const [near, far] = await scene.sessions();
      const text = "0123456789".repeat(20_000);
      const sent = far.send(text);
      expect((await next(near)) === text).toBe(true);
      await sent.accepted;
      await sent.delivered;
      expect(Math.max(...scene.ends[1].sizes)).toBeLessThanOrEqual(limit);
      expect(scene.gateway.openPieces).toBe(0);
      await scene.close();
    }
  });

  test("a long message of the channel's side arrives whole", async () => {
    const scene = new Scene();
    const [near, far] = await scene.sessions();
    const text = "x".repeat(300_000);
    const sent = near.send(text);
    expect((await next(far)) === text).toBe(true);
    await sent.delivered;
    await scene.close();
  });

  test("the first answer that is not 200 is the answer to the whole", async () => {
    const scene = new Scene({ peerMaxMessageBytes: 4096 });
    const raw = new Raw().join(scene.gateway, scene.clock);
    raw.sends("x".repeat(5000), scene.uris, ["Byte-Range: 1-*/5000"]);
    await settle();
    const pieces = [...scene.ends[1].sent];
    expect(pieces.map((piece) => /Byte-Range: (\S+)/.exec(piece)?.[1])).toEqual([
      "1-2048/5000",
      "2049-4096/5000",
      "4097-5000/5000",
    ]);
    expect(pieces.map((piece) => piece.at(-3))).toEqual(["+", "+", "$"]);
    for (const [index, status] of ["200 OK", "415 No", "200 OK"].entries())
      answer(scene.ends[0], pieces[index] ?? "", status);
    await settle();
    expect(raw.frames.map(({ id, what }) => [id, what])).toEqual([["raw00001", "415"]]);
    await scene.close();
  });

  test("RFC 8873 §5.4: a chunk without Byte-Range goes on in parts that a small channel takes [8873-5.4-01]", async () => {
    const scene = new Scene({ peerMaxMessageBytes: 2000 });
    const raw = new Raw().join(scene.gateway, scene.clock);
    const text = Array.from({ length: 400 }, (_, index) => String(index).padStart(5, "0")).join("");
    raw.sends(text, scene.uris);
    await settle();
    const pieces = [...scene.ends[1].sent];
    const parts = pieces.map(
      (piece) => /Byte-Range: (\d+)-(\d+)\/\*[\s\S]*?\r\n\r\n(\d*)\r\n-/.exec(piece) ?? [],
    );
    expect(parts.length).toBe(2);
    expect(parts.map(([, start]) => Number(start))).toEqual([1, Number(parts[0]?.[2]) + 1]);
    expect(Number(parts[1]?.[2])).toBe(2000);
    expect(parts.map(([, , , body]) => body).join("")).toBe(text);
    expect(pieces.map((piece) => piece.at(-3))).toEqual(["+", "$"]);
    for (const piece of pieces) answer(scene.ends[0], piece, "200 OK");
    await settle();
    expect(raw.frames.map(({ id, what }) => [id, what])).toEqual([["raw00001", "200"]]);
    await scene.close();
  });

  test("RFC 4975 §7.2: of a chunk with Failure-Report no nothing waits, of partial only until the time is over", async () => {
    const scene = new Scene({ peerMaxMessageBytes: 4096, answerMs: 1000 });
    const raw = new Raw().join(scene.gateway, scene.clock);
    raw.sends("x".repeat(5000), scene.uris, ["Failure-Report: no"], "raw00001");
    await settle();
    expect([scene.gateway.openPieces, scene.ends[1].sent.length]).toEqual([0, 3]);
    raw.sends("x".repeat(5000), scene.uris, ["Failure-Report: partial"], "raw00002");
    await settle();
    expect(scene.gateway.openPieces).toBe(3);
    await scene.clock.advance(1000);
    raw.sends("x".repeat(2500), scene.uris, ["Failure-Report: no"], "raw00003");
    expect([scene.gateway.openPieces, raw.frames]).toEqual([0, []]);
    await scene.close();
  });

  test("more pieces than the limit, and heads that leave no room, are answered 413", async () => {
    const scene = new Scene({ peerMaxMessageBytes: 4096, maxOpenPieces: 2 });
    const raw = new Raw().join(scene.gateway, scene.clock);
    raw.sends("x".repeat(5000), scene.uris);
    await settle();
    for (const piece of [...scene.ends[1].sent]) answer(scene.ends[0], piece, "200 OK");
    await settle();
    raw.sends("x", scene.uris, [`X-Long: ${"y".repeat(4000)}`], "raw00002");
    expect(raw.frames.map(({ id, what }) => [id, what])).toEqual([
      ["raw00001", "413"],
      ["raw00002", "413"],
    ]);
    await scene.close();
  });

  test("a frame with a fault is answered 400 and goes no further; lost framing ends both sides", async () => {
    const scene = new Scene();
    const raw = new Raw().join(scene.gateway, scene.clock);
    raw.sends("x", scene.uris, ["Byte-Range: none"]);
    expect([raw.frames.map(({ what }) => what), scene.ends[1].sent]).toEqual([["400"], []]);
    raw.text("HTTP/1.1 200 OK\r\n\r\n");
    expect([raw.aborts, scene.ends[1].readyState]).toEqual([1, "closed"]);
    raw.sink?.ended();
    expect((await rejection<MsrpError>(scene.gateway.closed)).code).toBe("bad-start-line");
    await scene.close();
  });

  test("who is full is not read for: back-pressure goes through", async () => {
    const scene = new Scene({ highWaterBytes: 4096 });
    const raw = new Raw().join(scene.gateway, scene.clock);
    scene.ends[1].slow = true;
    for (const id of ["raw00001", "raw00002", "raw00003"]) raw.sends("x".repeat(2000), scene.uris, [], id);
    expect(raw.pauses).toBeGreaterThan(0);
    scene.ends[1].flush();
    await settle();
    expect(raw.resumes).toBe(1);
    raw.room = false;
    const before = raw.frames.length;
    for (const piece of [...scene.ends[1].sent]) answer(scene.ends[0], piece, "200 OK");
    await settle();
    // The first fills it; the others wait in front of it.
    expect(raw.frames.length).toBe(before + 1);
    raw.room = true;
    raw.sink?.drained();
    expect(raw.frames.length).toBe(before + 3);
    await scene.close();
  });

  test("what comes before the other side is there waits for it; a second one is turned away", async () => {
    const scene = new Scene();
    const send = `MSRP abcd1234 SEND\r\nTo-Path: ${scene.uris[1]}\r\nFrom-Path: ${scene.uris[0]}\r\nMessage-ID: m0001\r\n-------abcd1234$\r\n`;
    scene.ends[0].send(new TextEncoder().encode(send));
    await settle();
    const raw = new Raw().join(scene.gateway, scene.clock);
    expect(raw.frames.map(({ id }) => id)).toEqual(["abcd1234"]);
    const second = new Raw().join(scene.gateway, scene.clock);
    expect(second.aborts).toBe(1);
    await scene.close();
  });

  test("the end of one side is the end of the other", async () => {
    const scene = new Scene();
    const [near, far] = await scene.sessions();
    scene.ends[0].close();
    await settle();
    expect([near.state === "bound", far.state === "bound"]).toEqual([false, false]);
    await scene.gateway.closed;
    const other = new Scene();
    const raw = new Raw().join(other.gateway, other.clock);
    other.gateway.close();
    expect(raw.closes).toBe(1);
    raw.sink?.ended();
    await other.gateway.closed;
    const alone = new Scene();
    alone.gateway.close();
    await alone.gateway.closed;
    for (const one of [scene, other, alone]) await one.close();
  });
});
