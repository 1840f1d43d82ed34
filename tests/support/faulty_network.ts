// A network that fails on purpose: a proxy that cuts or stalls a connection after a number of octets in one direction, and
// a peer whose answers a test writes itself. Bare node:net sockets, which all three runtimes have.
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from "node:net";
import { WireReader, type Written } from "./connections.ts";

/** What goes wrong, and where. */
export interface Fault {
  /** "there": from the side that connects to the one that listens. */
  readonly direction: "there" | "back";
  /** Octets of that direction that still pass. */
  readonly after: number;
  /** "end": both sides see an orderly end; "reset": an abrupt one; "stall": nothing passes any more, in either direction. */
  readonly kind: "end" | "reset" | "stall";
}

/** A proxy on 127.0.0.1. */
export class FaultyProxy {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #target: number;
  fault: Fault | undefined;
  /** Octets that passed over the last connection. */
  passed: Record<Fault["direction"], number> = { there: 0, back: 0 };

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((near) => this.#join(near));
  }

  /** Starts one in front of a port. */
  static async start(target: number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    await listening(proxy.#server);
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Drops what is open. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket): void {
    this.passed = { there: 0, back: 0 };
    const far = dial(this.#target, "127.0.0.1");
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      // The other end is dropped with this one; why it went does not matter here.
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#sockets.delete(socket);
        if (this.fault?.kind !== "stall") (socket === near ? far : near).destroy();
      });
    }
    this.#pass(near, far, "there");
    this.#pass(far, near, "back");
  }

  #pass(from: Socket, to: Socket, direction: Fault["direction"]): void {
    from.on("data", (bytes: Uint8Array) => {
      const { fault } = this;
      if (fault?.kind === "stall" && this.passed[fault.direction] >= fault.after) return;
      const room =
        fault?.direction === direction ? fault.after - this.passed[direction] : Number.POSITIVE_INFINITY;
      const piece = bytes.length > room ? bytes.subarray(0, room) : bytes;
      this.passed[direction] += piece.length;
      if (piece.length > 0) to.write(piece);
      if (bytes.length < room || fault === undefined || fault.kind === "stall") return;
      for (const socket of [from, to]) {
        if (fault.kind === "reset") socket.resetAndDestroy();
        else socket.end();
      }
    });
  }
}

/** A peer that answers what a test tells it to. */
export class ScriptedPeer {
  readonly #server: Server;
  readonly #reader = new WireReader();
  #socket: Socket | undefined;
  #waiting: ((frame: Written) => void)[] = [];
  #frames: Written[] = [];

  private constructor() {
    this.#server = createServer((socket) => {
      this.#socket = socket;
      socket.setNoDelay(true);
      socket.on("error", () => {});
      socket.on("data", (bytes: Uint8Array) => {
        for (const frame of this.#reader.read(bytes)) {
          const waiting = this.#waiting.shift();
          if (waiting === undefined) this.#frames.push(frame);
          else waiting(frame);
        }
      });
    });
  }

  static async start(): Promise<ScriptedPeer> {
    const peer = new ScriptedPeer();
    await listening(peer.#server);
    return peer;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The next frame that comes. */
  frame(): Promise<Written> {
    const frame = this.#frames.shift();
    return frame === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(frame);
  }

  /** Answers a request; `id` in place of its own makes it a stranger's answer. */
  answer({ id, toPath, fromPath }: Written, status: number = 200, other: string = id): void {
    this.#socket?.write(
      `MSRP ${other} ${status} Scripted\r\nTo-Path: ${fromPath[0]}\r\nFrom-Path: ${toPath[0]}\r\n-------${other}$\r\n`,
    );
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve());
  });
}
