// The conformance suite of transports: what every socket adapter must do, on real sockets and with real TLS, on its own
// runtime. A runtime's test file calls it with its adapter; nothing in it knows which runtime that is.
import { describe } from "#test";
import type {
  Acceptor,
  DialSettings,
  Listener,
  ListenOptions,
  Opener,
  TransportListener,
  TransportListenOptions,
} from "../../adapters/node.ts";
import type { Accept, Connector } from "../../core/node/transport.ts";
import { bytesTests } from "./transport_bytes.ts";
import { connectTests } from "./transport_connect.ts";
import { endingTests } from "./transport_endings.ts";
import { tlsTests } from "./transport_tls.ts";

/** An adapter under test: exactly what each of them exports. */
export interface TransportSubject {
  /** Name of the runtime, for the group of tests. */
  readonly name: string;
  readonly transportListen: (accept: Accept, options: TransportListenOptions) => Promise<TransportListener>;
  readonly transportConnect: Connector;
  readonly createConnector: (settings?: DialSettings) => Connector;
  readonly listen: (app: Acceptor, uri: string, options?: ListenOptions) => Promise<Listener>;
  readonly connect: <Options, Session>(app: Opener<Options, Session>, options: Options) => Promise<Session>;
}

/** Declares the whole suite for one adapter. */
export function transportSuite(subject: TransportSubject): void {
  describe(`transport conformance: ${subject.name}`, () => {
    describe("bytes and back-pressure", () => bytesTests(subject));
    describe("endings", () => endingTests(subject));
    describe("connecting and listening", () => connectTests(subject));
    describe("TLS", () => tlsTests(subject));
  });
}
