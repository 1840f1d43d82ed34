/**
 * What the endpoint suite works with: a node under test, and peers that speak raw bytes to it over any transport.
 * Nothing sleeps: a peer waits for its next frame, and silence is proved by a request whose answer comes next.
 */
import { Msrp } from "../core/node/node.ts";
import type { MsrpOptions } from "../core/node/options.ts";
import type { Accept, Connector } from "../core/node/transport.ts";
import type { Session } from "../core/session/session.ts";
import { createSessionId } from "../core/wire/ident.ts";
import { answer, Peer, request, type Written } from "./wire.ts";

/** What an endpoint is tested over: the raw seam that every adapter has. */
export interface EndpointSubject {
  readonly name: string;
  listen(accept: Accept): Promise<{ readonly host: string; readonly port: number; close(): unknown }>;
  readonly connect: Connector;
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
