// What the endpoint suite works with: a node under test, and peers that speak raw bytes to it over any transport.
// Nothing sleeps: a peer waits for its next frame, and silence is proved by a request whose answer comes next.

import { Msrp } from "../../core/node/node.ts";
import type { MsrpOptions } from "../../core/node/options.ts";
import type { Accept, Connector, Transport, TransportSink } from "../../core/node/transport.ts";
import type { Session } from "../../core/session/session.ts";
import { createSessionId } from "../../core/wire/ident.ts";
import { WireReader, type Written } from "../support/connections.ts";

/** What an endpoint is tested over: the raw seam that every adapter has. */
export interface EndpointSubject {
  readonly name: string;
  listen(accept: Accept): Promise<{ readonly host: string; readonly port: number; close(): unknown }>;
  readonly connect: Connector;
}

/** A peer made of bytes. */
export class Peer implements TransportSink {
  readonly transport: Transport;
  readonly octets: Uint8Array[] = [];
  readonly ended_: Promise<Error | undefined>;
  readonly #reader = new WireReader();
  readonly #frames: Written[] = [];
  #waiting: ((frame: Written) => void)[] = [];
  #end!: (error: Error | undefined) => void;
  #probes = 0;
  isEnded = false;

  constructor(transport: Transport) {
    this.transport = transport;
    this.ended_ = new Promise((resolve) => {
      this.#end = resolve;
    });
  }

  received(bytes: Uint8Array): void {
    this.octets.push(bytes.slice());
    for (const frame of this.#reader.read(bytes)) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) this.#frames.push(frame);
      else waiting(frame);
    }
  }
  drained(): void {}
  ended(error?: Error): void {
    this.isEnded = true;
    this.#end(error);
  }

  /** The next frame. */
  frame(): Promise<Written> {
    const frame = this.#frames.shift();
    return frame === undefined
      ? new Promise((resolve) => this.#waiting.push(resolve))
      : Promise.resolve(frame);
  }

  /** Writes text; `\n` becomes CRLF. */
  write(text: string): void {
    this.transport.write(new TextEncoder().encode(text.replace(/\r?\n/g, "\r\n")));
  }

  /** Asks for something that is always answered with 481, and returns what came before that answer. */
  async silence(): Promise<Written[]> {
    const id = `probe${String(++this.#probes).padStart(7, "0")}`;
    const nowhere = `msrp://nowhere.example:1/${createSessionId()};tcp`;
    this.write(request({ id, method: "SEND", to: nowhere, from: "msrp://probe.example:2/probe;tcp" }));
    const before: Written[] = [];
    for (let frame = await this.frame(); frame.id !== id; frame = await this.frame()) before.push(frame);
    return before;
  }
}

/** A request as a peer would write it. */
export interface RawRequest {
  id?: string;
  method?: string;
  to: string;
  from: string;
  messageId?: string;
  range?: string;
  headers?: string[];
  type?: string;
  body?: string;
  flag?: string;
}

let count = 0;

/** Text of a request; LF stands for CRLF. */
export function request(fields: RawRequest): string {
  const id = fields.id ?? `raw${String(++count).padStart(9, "0")}`;
  const lines = [
    `MSRP ${id} ${fields.method ?? "SEND"}`,
    `To-Path: ${fields.to}`,
    `From-Path: ${fields.from}`,
    `Message-ID: ${fields.messageId ?? `m.${id}`}`,
  ];
  if (fields.range !== undefined) lines.push(`Byte-Range: ${fields.range}`);
  lines.push(...(fields.headers ?? []));
  if (fields.body !== undefined) lines.push(`Content-Type: ${fields.type ?? "text/plain"}`, "", fields.body);
  lines.push(`-------${id}${fields.flag ?? "$"}`, "");
  return lines.join("\n");
}

/** A 200, or another answer, to a request that a peer got. */
export function answer(to: Written, status: string = "200 OK"): string {
  const lines = [
    `MSRP ${to.id} ${status}`,
    `To-Path: ${to.fromPath[0]}`,
    `From-Path: ${to.toPath[0]}`,
    `-------${to.id}$`,
    "",
  ];
  return lines.join("\n");
}

/** A node that listens, with the means to talk to it. */
export class Fixture {
  readonly app: Msrp;
  readonly peerUri: string = `msrp://alice.example:7313/${createSessionId()};tcp`;
  readonly host: string;
  readonly port: number;
  readonly errors: unknown[] = [];
  readonly #subject: EndpointSubject;
  readonly #closers: (() => unknown)[] = [];
  readonly #peers: Peer[] = [];

  private constructor(subject: EndpointSubject, app: Msrp, host: string, port: number) {
    this.#subject = subject;
    this.app = app;
    this.host = host;
    this.port = port;
    app.tap("error", ({ error }) => this.errors.push(error));
  }

  static async start(
    subject: EndpointSubject,
    options: MsrpOptions = {},
    prepare: (app: Msrp) => void = () => undefined,
  ): Promise<Fixture> {
    const app = new Msrp(options);
    prepare(app);
    const listener = await subject.listen(app.accept);
    const fixture = new Fixture(subject, app, listener.host, listener.port);
    fixture.#closers.push(() => listener.close());
    return fixture;
  }

  /** A URI of the node under test. */
  uri(sessionId: string = createSessionId()): string {
    return `msrp://bob.example:12051/${sessionId};tcp`;
  }

  /** A session that the node expects from the peer. */
  expect(options: Partial<Parameters<Msrp["session"]>[0]> = {}): Session {
    return this.app.session({ local: this.uri(), remote: this.peerUri, ...options });
  }

  /** A raw connection to the node. */
  async peer(): Promise<Peer> {
    let made: Peer | undefined;
    await this.#subject.connect({ host: this.host, port: this.port, secure: false }, (transport) => {
      made = new Peer(transport);
      return made;
    });
    const peer = made as Peer;
    this.#peers.push(peer);
    return peer;
  }

  /** A raw connection that a session is bound to, by a SEND without body. */
  async bound(session: Session): Promise<Peer> {
    const peer = await this.peer();
    peer.write(request({ to: session.local.text, from: this.peerUri }));
    await peer.frame();
    return peer;
  }

  /** A place where peers of raw bytes accept what the node opens; `next` gives them in order. */
  async listener(): Promise<{ uri: string; next(): Promise<Peer>; count(): number }> {
    const peers: Peer[] = [];
    const waiting: ((peer: Peer) => void)[] = [];
    let taken = 0;
    const listener = await this.#subject.listen((transport) => {
      const peer = new Peer(transport);
      this.#peers.push(peer);
      peers.push(peer);
      waiting.shift()?.(peer);
      return peer;
    });
    this.#closers.push(() => listener.close());
    const host = listener.host.includes(":") ? `[${listener.host}]` : listener.host;
    return {
      uri: `msrp://${host}:${listener.port}/${createSessionId()};tcp`,
      count: () => peers.length,
      next: () => {
        const peer = peers[taken++];
        return peer === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(peer);
      },
    };
  }

  /** Opens a session to a raw listener, which answers the binding SEND. */
  async connected(
    options: Partial<Parameters<Msrp["connect"]>[0]> = {},
  ): Promise<{ session: Session; peer: Peer; binding: Written; remote: string }> {
    const listener = await this.listener();
    const opening = this.app.connect(
      { local: this.uri(), remote: listener.uri, ...options },
      this.#subject.connect,
    );
    opening.catch(() => undefined);
    const peer = await listener.next();
    const binding = await peer.frame();
    peer.write(answer(binding));
    return { session: await opening, peer, binding, remote: listener.uri };
  }

  /** The connector of the subject. */
  get connector(): Connector {
    return this.#subject.connect;
  }

  async close(): Promise<void> {
    await this.app.close({ drainMs: 0 });
    for (const peer of this.#peers) if (!peer.isEnded) peer.transport.abort();
    for (const close of this.#closers) await close();
  }
}
