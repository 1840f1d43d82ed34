// The conformance suite of WebSocket servers (RFC 7977, RFC 6455): black box, over a URL, so that it runs against own
// listeners, against servers of others that MSRP is mounted into, and against what only exists as a process.
import { afterAll, beforeAll, describe } from "#test";
import { framingTests } from "./web_socket_framing.ts";
import { handshakeTests } from "./web_socket_handshake.ts";

/** A server that has started. */
export interface Server {
  readonly url: string;
  /** The authority of its certificate, for `wss:`. */
  readonly ca?: string;
  close(): unknown;
}

/** A server under test: `webSocketEcho` of tests/support behind a path. */
export interface WebSocketSubject {
  readonly name: string;
  /** Starts it; the URL has the one path that is served. */
  start(): Promise<Server>;
  /**
   * Who speaks RFC 6455: this toolkit, whose every answer is held to the letter, or the runtime, whose own choices of
   * status and close code are not for us to test.
   */
  readonly framing: "own" | "runtime";
  /** A runtime that takes whatever stands as the key of a handshake, and does not show it to programs. @default false */
  readonly anyKey?: boolean;
}

/** What the tests get: the URL, once there is one. */
export interface Running {
  readonly subject: WebSocketSubject;
  readonly url: string;
  readonly ca: string | undefined;
}

/** Declares the whole suite for one subject. */
export function webSocketSuite(subject: WebSocketSubject): void {
  describe(`WebSocket conformance: ${subject.name}`, () => {
    let server: Server | undefined;
    beforeAll(async () => {
      server = await subject.start();
    });
    afterAll(async () => {
      await server?.close();
    });
    const running: Running = {
      subject,
      get url() {
        if (server === undefined) throw new Error("the server has not started");
        return server.url;
      },
      get ca() {
        return server?.ca;
      },
    };
    describe("handshake", () => handshakeTests(running));
    describe("framing", () => framingTests(running));
  });
}
