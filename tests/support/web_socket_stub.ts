// A relay behind WebSockets made of raw octets, for tests of the client: it reads each message with the core's decoder,
// answers AUTHs and SENDs unless a test says otherwise, and lets a test send whatever it likes.
import { FakeClock } from "../../adapters/memory.ts";
import { MsrpClient, type MsrpClientOptions } from "../../adapters/websocket.ts";
import { WireReader, type Written } from "./connections.ts";
import { settle } from "./nodes.ts";
import { type MemorySocket, MemoryWebSockets } from "./web_sockets.ts";

export { settle, type Written };

/** The stub, and clients of it. */
export class WebSocketStub {
  readonly clock: FakeClock = new FakeClock();
  readonly sockets: MemoryWebSockets = new MemoryWebSockets(this.clock);
  /** Frames that came, other than AUTHs and responses; one list for all connections. */
  readonly frames: Written[] = [];
  readonly auths: Written[] = [];
  readonly responses: Written[] = [];
  /** The relay's ends, in order. */
  readonly ends: MemorySocket[] = [];
  /** How many frames each message held. */
  readonly counts: number[] = [];
  /** Status of the answers to SENDs; undefined = none. */
  status: string | undefined = "200 OK";
  /** Further lines of the answer to AUTH, or another answer. */
  auth: (frame: Written) => { status?: string; lines?: string[] } = () => ({});
  expires = 900;
  #tokens = 0;
  readonly #clients: MsrpClient[] = [];

  constructor() {
    this.sockets.server = (socket) => {
      this.ends.push(socket);
      const reader = new WireReader();
      socket.addEventListener("message", (event) => {
        const frames = reader.read(new Uint8Array((event as { data: ArrayBuffer }).data));
        this.counts.push(frames.length);
        for (const frame of frames) this.#take(socket, frame);
      });
    };
  }

  client(options: Partial<MsrpClientOptions> = {}): MsrpClient {
    const client = new MsrpClient({
      url: "wss://relay.example/msrp",
      WebSocket: this.sockets.WebSocket,
      clock: this.clock,
      chunkBytes: 32_768,
      ...options,
    });
    this.#clients.push(client);
    return client;
  }

  /** The relay's end of the last connection. */
  get end(): MemorySocket {
    return this.ends.at(-1) as MemorySocket;
  }

  /** Sends one message, as text or octets. */
  async send(message: string | Uint8Array): Promise<void> {
    this.end.other?.fire("message", { data: message });
    await settle();
  }

  /** Sends a SEND of the peer to the session whose path is given. */
  async peerSends(
    path: readonly string[],
    body: string | undefined,
    lines: readonly string[] = ["Message-ID: m0001"],
    flag = "$",
    id = "peer0001",
  ): Promise<void> {
    const content = body === undefined ? "" : `Content-Type: text/plain\r\n\r\n${body}\r\n`;
    await this.send(request("SEND", path, lines, content, flag, id));
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await settle();
  }

  #take(socket: MemorySocket, frame: Written): void {
    if (frame.kind === "response") this.responses.push(frame);
    else if (frame.what === "AUTH") {
      this.auths.push(frame);
      const { status = "200 OK", lines = [] } = this.auth(frame);
      const granted = [
        `Use-Path: msrps://relay.example:2855/token${++this.#tokens};tcp`,
        `Expires: ${this.expires}`,
      ];
      this.#answer(socket, frame, status, [...lines, ...(status.startsWith("200") ? granted : [])]);
    } else {
      this.frames.push(frame);
      if (frame.what === "SEND" && this.status !== undefined) this.#answer(socket, frame, this.status, []);
    }
  }

  #answer(socket: MemorySocket, { id, fromPath, toPath }: Written, status: string, lines: string[]): void {
    if (socket.readyState !== 1) return;
    const head = [`MSRP ${id} ${status}`, `To-Path: ${fromPath[0]}`, `From-Path: ${toPath[0]}`, ...lines];
    socket.send(new TextEncoder().encode(`${head.join("\r\n")}\r\n-------${id}$\r\n`));
  }
}

/** The path of a peer, as it stands in From-Path behind the relay's URI. */
export const peerPath = "msrps://bob.example:2855/bobs;tcp";

/** A request of the peer, as the relay passes it on. */
export function request(
  method: string,
  path: readonly string[],
  lines: readonly string[],
  content = "",
  flag = "$",
  id = "peer0001",
): string {
  const head = [
    `MSRP ${id} ${method}`,
    `To-Path: ${path.at(-1)}`,
    `From-Path: ${path[0]} ${peerPath}`,
    ...lines,
  ];
  return `${head.join("\r\n")}\r\n${content}-------${id}${flag}\r\n`;
}
