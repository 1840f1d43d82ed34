/**
 * `msrpkit/testing`: what the toolkit tests itself with, for those who write plugins, adapters and relays of their own.
 * The test framework is the caller's.
 */
export { FakeClock, MemoryNetwork, type MemoryOptions, memoryPair, settle } from "../adapters/memory.ts";
export { type Certificates, type Identity, makeCertificates } from "./certificates.ts";
export { type EndpointSubject, Fixture } from "./endpoint_fixture.ts";
export { endpointSuite } from "./endpoint_suite.ts";
export type { Assertions, Expectation, TestFramework } from "./framework.ts";
export { type NodeAssert, type NodeTestRunner, nodeFramework } from "./node_framework.ts";
export { NodePair, type PairError, type PairOptions } from "./pair.ts";
export {
  type PluginExpectations,
  type PluginPlace,
  type PluginSample,
  testPlugin,
} from "./plugin_suite.ts";
export {
  RelayFixture,
  RelayPeer,
  type RelaySubject,
  type RelayUser,
  type RunningRelay,
} from "./relay_fixture.ts";
export { RelayScene } from "./relay_scene.ts";
export { relaySuite } from "./relay_suite.ts";
export { type TransportSubject, transportSuite } from "./transport_suite.ts";
export { answer, Peer, type RawRequest, request, WireReader, type Written } from "./wire.ts";
