// Wireshark's dissector sees in our traffic what we meant: the same methods, ids, paths, ranges and flags.
// It shows one frame per segment and ends bodies at any line of hyphens, so each frame here goes out alone and the bodies
// have no hyphens; what was sent is known from our own taps and from a decoder at the socket, not from tshark.
import { describe, expect, test } from "#test";
import { connect, listen } from "../../adapters/node.ts";
import {
  Decoder,
  type Frame,
  Msrp,
  type Session,
  type Transport,
  type TransportSink,
} from "../../core/mod.ts";
import { captureWorks, type DissectedFrame, startCapture } from "./_capture.ts";

/** Puts a decoder before a node's sink, which notes every frame that comes in. */
function noting(sink: TransportSink, note: (frame: Frame) => void): TransportSink {
  const decoder = new Decoder();
  return {
    received(bytes) {
      decoder.receive(bytes, (frame) => note(frame.retain()));
      sink.received(bytes);
    },
    drained: () => sink.drained(),
    ended: (error) => sink.ended(error),
  };
}

function expected(frame: Frame): DissectedFrame {
  const request = frame.kind === "request" ? frame : undefined;
  const uris = (path: Frame["toPath"]): string => path.map((uri) => uri.text).join(" ");
  return {
    // tshark finds it in the start line and in the end-line.
    transactionId: `${frame.transactionId},${frame.transactionId}`,
    method: request?.method ?? "",
    status: frame.kind === "response" ? String(frame.status) : "",
    toPath: uris(frame.toPath),
    fromPath: uris(frame.fromPath),
    messageId: request?.messageId ?? "",
    byteRange: request?.headers.get("Byte-Range") ?? "",
    contentType: request?.contentType ?? "",
    flag: frame.flag,
  };
}

if (!captureWorks) {
  test("tshark cannot capture here: apt-get install tshark, and run as root", () => {
    expect(process.env["CI"]).toBe(undefined);
  });
} else {
  describe("Wireshark's dissector", () => {
    test("RFC 4975 §9: sees the frames that we sent, field by field", async () => {
      const frames: Frame[] = [];
      const note = (frame: Frame): void => {
        frames.push(frame);
      };
      const server = new Msrp({ acceptUnknown: () => true });
      const inbound = new Promise<Session>((resolve) => {
        server.onSession(resolve);
      });
      // What the client sends is seen at the server's socket, and the other way round.
      const accept = (transport: Transport): TransportSink => noting(server.accept(transport), note);
      const listener = await listen({ accept }, "msrp://127.0.0.1:0;tcp");
      const capture = await startCapture(listener.uri.port!);
      const client = new Msrp();
      const hearing = {
        connect: (options: Parameters<Msrp["connect"]>[0], connector: Parameters<Msrp["connect"]>[1]) =>
          client.connect(options, (target, sink, settings) =>
            connector(target, (transport) => noting(sink(transport), note), settings),
          ),
      };
      const session = await connect(hearing, {
        local: "msrp://client.example:9/client1;tcp",
        remote: `msrp://127.0.0.1:${listener.uri.port}/server1;tcp`,
      });
      const peer = await inbound;
      await traffic(session, peer, client);
      await Promise.all([client.close(), listener.close(), server.close()]);
      const seen = await capture.stop(frames.length);

      const sent = frames.map(expected);
      expect(sent.map(({ method, status, flag }) => `${method}${status}${flag}`)).toEqual([
        ...["SEND$", "200$"], // the SEND that binds the session
        ...["SEND$", "200$"], // a text
        ...["SEND$", "200$"], // an empty message
        ...["SEND+", "200$", "SEND$", "200$"], // a message in two chunks
        ...["SEND+", "200$", "SEND#", "200$"], // an aborted one
        ...["SEND$", "200$"], // from the other side
        ...["REPORT$"],
        ...["NICKNAME$", "501$"],
      ]);
      expect(seen).toEqual(sent);
    }, 60_000);
  });
}

/** Every kind of frame, one at a time. */
async function traffic(session: Session, peer: Session, client: Msrp): Promise<void> {
  await session.send("Hello, Wireshark", { successReport: false }).accepted;
  await session.send("", { contentType: "text/plain", successReport: false }).accepted;
  // The second half exists only when the first was answered, so that each chunk is a segment of its own.
  await session.send(halves(client), { contentType: "text/plain", chunkBytes: 3_000, successReport: false })
    .accepted;
  const given = session.send(halves(client, true), { contentType: "text/plain", chunkBytes: 3_000 });
  await given.accepted.catch(() => undefined);
  await nextResponse(client);
  await peer.send("Hello yourself", { headers: [["Content-Description", "greeting"]], successReport: false })
    .accepted;
  const reported = new Promise<void>((resolve) => {
    client.tap("report", () => resolve());
  });
  peer.report({ messageId: "message1", status: 200, byteRange: { start: 1, end: 5, total: 5 } });
  await reported;
  await session.request("NICKNAME", { headers: [["Use-Nickname", '"Alice"']] });
}

/** Two pieces; the second comes, or the source fails, once the first chunk was answered. */
async function* halves(client: Msrp, fail = false): AsyncGenerator<Uint8Array> {
  const answered = nextResponse(client);
  // One octet is always held back until the end is known.
  yield new Uint8Array(3_001).fill(0x61);
  await answered;
  if (fail) throw new Error("given up");
  yield new Uint8Array(500).fill(0x62);
}

/** Resolves when the next answer to a request of this node has come. */
function nextResponse(node: Msrp): Promise<void> {
  return new Promise((resolve) => {
    const stop = node.tap("response", () => {
      stop();
      resolve();
    });
  });
}
