// Checks of the `exchange` entries of streams.json: a request into a node over a pipe in memory, and everything that
// comes back out of it, read by the decoder and compared field by field.
import { FakeClock, type MemoryTransport, memoryPair, settle } from "../../adapters/memory.ts";
import type { ConnectionHandle } from "../../core/node/context.ts";
import { Msrp } from "../../core/node/node.ts";
import type { TransportSink } from "../../core/node/transport.ts";
import type { Session } from "../../core/session/session.ts";
import { Decoder } from "../../core/wire/decoder.ts";
import { encodeRequest } from "../../core/wire/encoder.ts";
import type { Frame } from "../../core/wire/frame.ts";
import { MsrpUri } from "../../core/wire/uri.ts";
import type { Checks, Vector } from "./registry.ts";

interface Context {
  readonly sessions: readonly { local: string; peerPath: readonly string[]; boundTo: string | null }[];
  readonly connection: string;
  readonly acceptTypes?: readonly string[];
  readonly policy?: { readonly maxMessage?: number };
}

interface Expected {
  readonly kind: "request" | "response";
  readonly tid?: string;
  readonly status?: number | string;
  readonly method?: string;
  readonly toPath?: readonly string[];
  readonly fromPath?: readonly string[];
  readonly messageId?: string;
  readonly coversRange?: readonly [number, number];
  readonly flag?: string;
}

/** The checks of the exchanges, by the vectors' `type`. */
export const checks: Checks = {
  exchange: async (vector) => {
    const context = vector["context"] as Context;
    const endpoint = new Endpoint(context);
    const bytes = Uint8Array.from(atob(String(vector["in_base64"])), (character) => character.charCodeAt(0));
    const out = await endpoint.exchange(bytes);
    const bound = (vector["after"] as { boundTo?: string } | undefined)?.boundTo;
    await endpoint.close();
    return compareOut(vector, out) ?? endpoint.boundWrongly(bound);
  },
};

// One side of a pipe that keeps what it gets.
class RawPeer implements TransportSink {
  transport: MemoryTransport | undefined;
  readonly #parts: Uint8Array[] = [];

  received(bytes: Uint8Array): void {
    this.#parts.push(bytes.slice());
  }
  drained(): void {}
  ended(): void {}

  take(): Frame[] {
    const frames: Frame[] = [];
    const decoder = new Decoder();
    for (const part of this.#parts.splice(0)) {
      decoder.receive(part, (frame) =>
        frames.push(frame.kind === "request" ? frame.retain() : frame.retain()),
      );
    }
    return frames;
  }
}

// A node with the sessions of the vector, and a pipe for each connection that it names.
class Endpoint {
  readonly #context: Context;
  readonly #clock = new FakeClock();
  readonly #app: Msrp;
  readonly #peers: Map<string, RawPeer> = new Map();
  readonly #names: Map<ConnectionHandle, string> = new Map();
  readonly #boundTo: Map<Session, string | undefined> = new Map();
  #accepting = "";

  constructor(context: Context) {
    this.#context = context;
    const maxMessage = context.policy?.maxMessage;
    this.#app = new Msrp(maxMessage === undefined ? {} : { inbox: { maxMessageBytes: maxMessage } });
    this.#app.tap("bound", ({ session, connection }) => {
      if (!this.#names.has(connection)) this.#names.set(connection, this.#accepting);
      this.#boundTo.set(session, this.#names.get(connection));
    });
    this.#app.onMessage(() => undefined);
  }

  async exchange(bytes: Uint8Array): Promise<Frame[]> {
    for (const { local, peerPath, boundTo } of this.#context.sessions) {
      const { acceptTypes } = this.#context;
      this.#app.session({ local, remote: peerPath, ...(acceptTypes === undefined ? {} : { acceptTypes }) });
      if (boundTo !== null) await this.#bind(boundTo, local, peerPath);
    }
    const name = this.#context.connection;
    const peer = this.#peer(name);
    peer.take();
    this.#accepting = name;
    peer.transport?.write(bytes);
    await settle();
    const out = peer.take();
    // Whatever is out was there at once: RFC 4975 §5.3. Time brings nothing more.
    await this.#clock.advance(1000);
    return [...out, ...peer.take()];
  }

  /** What is wrong with the binding after the exchange. */
  boundWrongly(name: string | undefined): string | undefined {
    if (name === undefined) return undefined;
    const found = [...this.#boundTo.values()];
    return found.includes(name) ? undefined : `bound to ${found.join(", ") || "nothing"}, not to ${name}`;
  }

  close(): Promise<void> {
    return this.#app.close({ drainMs: 0 });
  }

  // A SEND without body binds (RFC 4975 §5.4).
  async #bind(name: string, local: string, peerPath: readonly string[]): Promise<void> {
    const peer = this.#peer(name);
    this.#accepting = name;
    peer.transport?.write(
      encodeRequest({
        transactionId: "bind00000001",
        method: "SEND",
        toPath: [MsrpUri.parse(local)],
        fromPath: peerPath.map((uri) => MsrpUri.parse(uri)),
        headers: [["Message-ID", "m.binding-1"]],
      }),
    );
    await settle();
  }

  #peer(name: string): RawPeer {
    let peer = this.#peers.get(name);
    if (peer === undefined) {
      const made = new RawPeer();
      const [transport] = memoryPair(() => made, this.#app.accept, { clock: this.#clock });
      made.transport = transport;
      this.#peers.set(name, made);
      peer = made;
    }
    return peer;
  }
}

function compareOut(vector: Vector, out: readonly Frame[]): string | undefined {
  const expect = vector.expect as {
    out?: readonly Expected[];
    anyOf?: readonly { out: readonly Expected[] }[];
  };
  if (expect.anyOf !== undefined) {
    const faults = expect.anyOf.map((choice) => compareFrames(choice.out, out));
    return faults.includes(undefined) ? undefined : faults.join("; or ");
  }
  return compareFrames(expect.out ?? [], out);
}

function compareFrames(expected: readonly Expected[], out: readonly Frame[]): string | undefined {
  if (out.length !== expected.length) {
    const got = out.map((frame) => (frame.kind === "request" ? frame.method : frame.status)).join(", ");
    return `${out.length} frames out (${got}), expected ${expected.length}`;
  }
  const rest = [...out];
  for (const wanted of expected) {
    const faults = rest.map((frame) => compareFrame(wanted, frame));
    const index = faults.indexOf(undefined);
    if (index < 0) return faults.join("; ");
    rest.splice(index, 1);
  }
  return undefined;
}

function compareFrame(expected: Expected, frame: Frame): string | undefined {
  if (frame.kind !== expected.kind) return `a ${frame.kind}, expected a ${expected.kind}`;
  const status =
    frame.kind === "response"
      ? frame.status
      : `${String(frame.status?.namespace).padStart(3, "0")} ${frame.status?.status}`;
  const got: Record<string, unknown> = {
    tid: frame.transactionId,
    status,
    method: frame.kind === "request" ? frame.method : undefined,
    toPath: frame.toPath.map((uri) => uri.text),
    fromPath: frame.fromPath.map((uri) => uri.text),
    messageId: frame.kind === "request" ? frame.messageId : undefined,
    flag: frame.flag,
  };
  for (const key of ["tid", "status", "method", "toPath", "fromPath", "messageId", "flag"] as const) {
    const wanted = expected[key];
    if (wanted === undefined) continue;
    const found = JSON.stringify(got[key]);
    if (found !== JSON.stringify(wanted)) return `${key} ${found}, expected ${JSON.stringify(wanted)}`;
  }
  if (expected.coversRange !== undefined && frame.kind === "request") {
    const [start, end] = expected.coversRange;
    const range = frame.byteRange;
    if (range?.start !== start || range.end !== end)
      return `range ${range?.start}-${range?.end}, expected ${start}-${end}`;
  }
  return undefined;
}
