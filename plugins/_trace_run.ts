/**
 * One trace while it is written: its packets and its ladder, and how much of it there may be. What it writes leaves in one
 * piece for each turn of the program.
 */
import type { ConnectionHandle } from "../core/mod.ts";
import type { FramePiece } from "./_frame_cutter.ts";
import { Ladder } from "./_ladder.ts";
import { pcapng } from "./_pcapng.ts";
import { type Direction, TcpPackets } from "./_tcp_packets.ts";
import { watch } from "./_tell.ts";

/** Where a trace goes. Both are called synchronously; what `write` gets is the sink's to keep. */
export interface TraceSink {
  write(bytes: Uint8Array): void;
  close(): void;
}

/** What a trace is written to; either may be left out. */
export interface TraceOutput {
  /** Gets a pcapng file, for Wireshark and tshark. */
  readonly capture?: TraceSink;
  /** Gets a ladder diagram, text in UTF-8. */
  readonly ladder?: TraceSink;
}

/** What is known of a trace when it begins. */
export interface TraceStart {
  /** Number of the trace within its node, from 1; safe to log. */
  readonly id: number;
  /** Own URI of the session, which is its secret; `""` for the trace of a connection. */
  readonly uri: string;
  /** The connection that it begins on. A relay's session has several. */
  readonly connection: ConnectionHandle;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
}

interface Leg {
  readonly packets: TcpPackets;
  readonly column: number;
}

const encoder = new TextEncoder();

/** What a run may spend: shared by all runs of a plugin. */
export interface TraceBudget {
  /** Octets that may still be written. */
  left: number;
}

/** A trace that is being written. */
export class TraceRun {
  readonly legs: Map<ConnectionHandle, Leg> = new Map();
  /** Time of the last event. */
  lastAt: number;
  /** True once the session is over. */
  ended = false;
  readonly #output: TraceOutput;
  readonly #ladder: Ladder;
  readonly #budget: TraceBudget;
  readonly #failed: (error: unknown) => void;
  #left: number;
  #packets: Uint8Array[] = [];
  #text = "";
  #flushing = false;
  #closed = false;

  /** @param failed told when a sink throws; the trace is over then */
  constructor(
    start: TraceStart,
    output: TraceOutput,
    maxBytes: number,
    budget: TraceBudget,
    failed: (error: unknown) => void,
  ) {
    this.#output = output;
    this.#left = maxBytes;
    this.#budget = budget;
    this.#failed = failed;
    this.lastAt = start.startedAt;
    const { localPort, secure } = start.connection;
    const time = new Date(start.startedAt).toISOString();
    this.#ladder = new Ladder(`trace ${start.id}, ${time}`, start.startedAt, "this node");
    const hint = `If the frames are not shown as MSRP: tshark -d tcp.port==${localPort ?? 2855},msrp`;
    const tls = secure ? " The octets were taken after TLS." : "";
    this.#capture(pcapng.begin(`MSRP trace ${start.id} of msrpkit.${tls} ${hint}`));
  }

  /** A frame, or a piece of one. */
  frame(at: number, connection: ConnectionHandle, direction: Direction, piece: FramePiece): void {
    if (this.#closed) return;
    if (this.#left <= 0 || this.#budget.left <= 0) {
      this.#stop(at);
      return;
    }
    this.lastAt = at;
    const { packets, column } = this.#leg(at, connection);
    const { bytes, leftOut } = piece;
    const comment = leftOut === 0 ? undefined : `${leftOut} octets of the body are left out`;
    this.#capture(pcapng.packet(at, packets.data(direction, bytes), comment));
    if (this.#output.ladder !== undefined) this.#draw(this.#ladder.frame(at, column, direction, piece));
  }

  /** A connection is over. */
  disconnect(at: number, connection: ConnectionHandle, error: boolean): void {
    const leg = this.legs.get(connection);
    if (leg === undefined || !this.legs.delete(connection)) return;
    this.lastAt = at;
    for (const packet of leg.packets.close(error)) this.#capture(pcapng.packet(at, packet));
    this.#draw(this.#ladder.closed(at, leg.column, error));
  }

  /** Writes what is left, and closes the sinks. */
  close(): void {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    this.#sink(() => this.#output.capture?.close());
    this.#sink(() => this.#output.ladder?.close());
  }

  #leg(at: number, connection: ConnectionHandle): Leg {
    const known = this.legs.get(connection);
    if (known !== undefined) return known;
    const { localAddress = "", localPort = 0, remoteAddress, remotePort = 0, direction, secure } = connection;
    const remote = { address: remoteAddress, port: remotePort };
    const opener = direction === "inbound" ? "received" : "transmitted";
    const packets = new TcpPackets({ address: localAddress, port: localPort }, remote, opener);
    const name = `${remoteAddress}:${remotePort}${secure ? " TLS" : ""}`;
    const [column, text] = this.#ladder.connect(name);
    const leg = { packets, column };
    this.legs.set(connection, leg);
    for (const packet of packets.open()) this.#capture(pcapng.packet(at, packet));
    this.#draw(text);
    return leg;
  }

  #stop(at: number): void {
    this.#draw(`${((at - this.lastAt) / 1000).toFixed(3)} s later: the limit of the trace is reached\n`);
    this.close();
  }

  #capture(block: Uint8Array): void {
    if (this.#output.capture === undefined) return;
    this.#packets.push(block);
    this.#count(block.length);
  }

  #draw(text: string): void {
    if (this.#output.ladder === undefined) return;
    this.#text += text;
    this.#count(text.length);
  }

  #count(octets: number): void {
    this.#left -= octets;
    this.#budget.left -= octets;
    if (this.#flushing || this.#closed) return;
    this.#flushing = true;
    Promise.resolve().then(() => {
      this.#flushing = false;
      if (!this.#closed) this.#flush();
    });
  }

  #flush(): void {
    const blocks = this.#packets;
    const text = this.#text;
    this.#packets = [];
    this.#text = "";
    if (blocks.length > 0) {
      const all = new Uint8Array(blocks.reduce((sum, block) => sum + block.length, 0));
      let position = 0;
      for (const block of blocks) {
        all.set(block, position);
        position += block.length;
      }
      this.#sink(() => this.#output.capture?.write(all));
    }
    if (text !== "") this.#sink(() => this.#output.ladder?.write(encoder.encode(text)));
  }

  #sink(act: () => unknown): void {
    watch(act, (error) => {
      // What is written after a gap would mislead.
      this.#closed = true;
      this.#failed(error);
    });
  }
}
