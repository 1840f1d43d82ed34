/**
 * The conformance suite of transports: what every socket adapter must do, on real sockets and with real TLS, on its own
 * runtime. A runtime's test file calls it with its adapter; nothing in it knows which runtime that is.
 */
import type {
  Acceptor,
  DialSettings,
  Listener,
  ListenOptions,
  Opener,
  TransportListener,
  TransportListenOptions,
} from "../adapters/node.ts";
import type { Accept, Connector } from "../core/node/transport.ts";
import type { TestFramework } from "./framework.ts";
import { bytesTests } from "./transport_bytes.ts";
import { connectTests } from "./transport_connect.ts";
import { endingTests } from "./transport_endings.ts";
import { tlsTests } from "./transport_tls.ts";
import { tlsBytesTests } from "./transport_tls_bytes.ts";

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
export function transportSuite(subject: TransportSubject, framework: TestFramework): void {
  const { describe } = framework;
  describe(`transport conformance: ${subject.name}`, () => {
    describe("bytes and back-pressure", () => bytesTests(subject, framework));
    describe("endings", () => endingTests(subject, framework));
    describe("connecting and listening", () => connectTests(subject, framework));
    describe("TLS", () => tlsTests(subject, framework));
    describe("bytes through TLS", () => tlsBytesTests(subject, framework));
  });
}
