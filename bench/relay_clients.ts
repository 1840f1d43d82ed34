/**
 * Clients of a relay that cost next to nothing: a socket of node:net or node:tls, a login by Digest with MD5, and frames as text.
 * Thousands of them stand in one process, and none of this project's own code is between them and the relay.
 */
import { createHash } from "node:crypto";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

/** Where the relay is, and who logs in. */
export interface RelayPlace {
  readonly port: number;
  readonly tls: boolean;
  readonly domain: string;
  /** Path of the relay's WebSockets, when they are used. */
  readonly webSocket?: string;
  /** @default "bob" */
  readonly user?: string;
  /** @default "1234" */
  readonly password?: string;
}

let made = 0;
const md5 = (text: string): string => createHash("md5").update(text).digest("hex");

/** One connection. */
export class RelayClient {
  readonly socket: Socket;
  /** URI of this side. */
  readonly uri: string;
  /** Use-Path of the last login. */
  token = "";
  /** Called with each whole frame. */
  onFrame: (frame: string) => void = () => {};
  closed = false;
  readonly #place: RelayPlace;
  #buffer = "";
  #octets: Buffer = Buffer.alloc(0);

  private constructor(socket: Socket, place: RelayPlace) {
    this.socket = socket;
    this.#place = place;
    this.uri = `${place.tls ? "msrps" : "msrp"}://client.invalid:9/c${++made};tcp`;
    if (place.webSocket === undefined)
      socket.on("data", (bytes: Buffer) => this.#received(bytes.toString("latin1")));
    else socket.on("data", (bytes: Buffer) => this.#framed(bytes));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
    });
  }

  /** Connects. Every 20,000 connections come from another address of this machine, for the sake of their ports. */
  static open(
    place: RelayPlace,
    localAddress = `127.0.0.${1 + Math.floor(made / 20_000)}`,
  ): Promise<RelayClient> {
    const { port } = place;
    return new Promise((resolve, reject) => {
      const at = { host: "127.0.0.1", port, localAddress };
      const socket = place.tls ? connectTls({ ...at, rejectUnauthorized: false }) : connectPlain(at);
      socket.setNoDelay(true);
      const failed = (error: Error): void => reject(error);
      socket.once("error", failed);
      socket.once(place.tls ? "secureConnect" : "connect", () => {
        socket.removeListener("error", failed);
        if (place.webSocket === undefined) resolve(new RelayClient(socket, place));
        else upgrade(socket, place, () => resolve(new RelayClient(socket, place)), reject);
      });
    });
  }

  /** Logs in; a refusal is an error with the status. */
  async login(expires?: number): Promise<string> {
    const to = `msrps://${this.#place.domain}:${this.#place.port};tcp`;
    const more = expires === undefined ? "" : `Expires: ${expires}\r\n`;
    const first = await this.ask("AUTH", to, more);
    const answer = await this.ask("AUTH", to, `Authorization: ${this.answer(first, to)}\r\n${more}`);
    if (!/^MSRP \S+ 200/.test(answer)) throw new Error(`the login was refused: ${answer.slice(0, 40)}`);
    this.token = /^Use-Path: (\S+)/m.exec(answer)?.[1] ?? "";
    return this.token;
  }

  /** What answers a challenge, for whatever password. */
  answer(challenge: string, to: string, password: string = this.#place.password ?? "1234"): string {
    const user = this.#place.user ?? "bob";
    const line = challenge.split("\r\n").find((one) => one.includes("algorithm=MD5")) ?? "";
    const realm = /realm="([^"]*)"/.exec(line)?.[1];
    const nonce = /nonce="([^"]*)"/.exec(line)?.[1];
    const response = md5(
      `${md5(`${user}:${realm}:${password}`)}:${nonce}:00000001:abcd:auth:${md5(`AUTH:${to}`)}`,
    );
    return `Digest username="${user}", realm="${realm}", nonce="${nonce}", qop=auth, nc=00000001, cnonce="abcd", response="${response}", algorithm=MD5`;
  }

  /** Sends a request without a body and waits for the next frame. */
  ask(method: string, to: string, headers = ""): Promise<string> {
    const id = `q${made}x${Math.random().toString(36).slice(2, 10)}`;
    return new Promise((resolve, reject) => {
      const closed = (): void => reject(new Error("the relay closed the connection"));
      this.socket.once("close", closed);
      this.onFrame = (frame) => {
        this.socket.removeListener("close", closed);
        resolve(frame);
      };
      this.write(
        `MSRP ${id} ${method}\r\nTo-Path: ${to}\r\nFrom-Path: ${this.uri}\r\n${headers}-------${id}$\r\n`,
      );
    });
  }

  /** A SEND of a whole short message. */
  send(to: string, id: string, body: string, headers = ""): boolean {
    return this.write(
      `MSRP ${id} SEND\r\nTo-Path: ${to}\r\nFrom-Path: ${this.uri}\r\nMessage-ID: m${id}\r\nByte-Range: 1-${body.length}/${body.length}\r\n${headers}Content-Type: text/plain\r\n\r\n${body}\r\n-------${id}$\r\n`,
    );
  }

  /** Answers 200 to a SEND. */
  accept(frame: string): void {
    const id = frame.slice(5, frame.indexOf(" ", 5));
    const from = /^From-Path: (\S+)/m.exec(frame)?.[1] ?? "";
    this.write(`MSRP ${id} 200 OK\r\nTo-Path: ${from}\r\nFrom-Path: ${this.uri}\r\n-------${id}$\r\n`);
  }

  write(text: string): boolean {
    if (this.#place.webSocket === undefined) return this.socket.write(text, "latin1");
    const { length } = text;
    // Masked with zeros, which changes nothing.
    const head = length < 126 ? 6 : 8;
    const frame = Buffer.alloc(head + length);
    frame[0] = 0x82;
    frame[1] = 0x80 | (length < 126 ? length : 126);
    if (length >= 126) frame.writeUInt16BE(length, 2);
    frame.write(text, head, "latin1");
    return this.socket.write(frame);
  }

  close(): void {
    this.socket.destroy();
  }

  // Frames of a server are not masked.
  #framed(bytes: Buffer): void {
    this.#octets = this.#octets.length === 0 ? bytes : Buffer.concat([this.#octets, bytes]);
    for (;;) {
      const octets = this.#octets;
      const short = (octets[1] ?? 0) & 127;
      const head = short < 126 ? 2 : short === 126 ? 4 : 10;
      if (octets.length < head) return;
      const length = short < 126 ? short : short === 126 ? octets.readUInt16BE(2) : octets.readUInt32BE(6);
      if (octets.length < head + length) return;
      this.#octets = octets.subarray(head + length);
      if (((octets[0] ?? 0) & 15) < 3) this.#received(octets.toString("latin1", head, head + length));
    }
  }

  #received(text: string): void {
    this.#buffer += text;
    for (;;) {
      const id = /^MSRP (\S+) /.exec(this.#buffer)?.[1];
      if (id === undefined) return;
      const end = this.#buffer.indexOf(`\r\n-------${id}`);
      if (end < 0) return;
      const next = this.#buffer.indexOf("\n", end + 2) + 1;
      if (next === 0) return;
      const frame = this.#buffer.slice(0, next);
      this.#buffer = this.#buffer.slice(next);
      this.onFrame(frame);
    }
  }
}

function upgrade(socket: Socket, place: RelayPlace, done: () => void, refused: (error: Error) => void): void {
  socket.once("data", (bytes: Buffer) => {
    if (bytes.toString("latin1").startsWith("HTTP/1.1 101")) done();
    else refused(new Error(`no WebSocket: ${bytes.toString("latin1").slice(0, 60)}`));
  });
  socket.write(
    `GET ${place.webSocket} HTTP/1.1\r\nHost: ${place.domain}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: msrp\r\n\r\n`,
  );
}

/** Opens so many clients that have logged in, `width` at a time. */
export async function openClients(place: RelayPlace, count: number, width = 50): Promise<RelayClient[]> {
  const clients: RelayClient[] = [];
  let begun = 0;
  const worker = async (): Promise<void> => {
    while (begun++ < count) {
      const client = await RelayClient.open(place);
      await client.login(3600);
      clients.push(client);
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return clients;
}

/** Sends one message to each client over one connection; resolves with how many have got theirs. */
export async function reachAll(place: RelayPlace, clients: readonly RelayClient[]): Promise<number> {
  const sender = await RelayClient.open(place);
  let reached = 0;
  for (const client of clients) {
    if (client.closed) continue;
    await new Promise<void>((resolve) => {
      const late = setTimeout(resolve, 5000);
      client.onFrame = (frame) => {
        if (!/^MSRP \S+ SEND/.test(frame)) return;
        reached++;
        client.accept(frame);
        clearTimeout(late);
        resolve();
      };
      sender.send(`${client.token} ${client.uri}`, `r${reached}abcd`, "are you there?");
    });
  }
  sender.close();
  return reached;
}
