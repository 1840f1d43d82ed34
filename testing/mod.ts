/**
 * `msrpkit/testing`: what the toolkit tests itself with, for those who write plugins, adapters and relays of their own.
 * The test framework is the caller's.
 */
export { FakeClock, MemoryNetwork, type MemoryOptions, memoryPair, settle } from "../adapters/memory.ts";
export type { Expectation, TestFramework } from "./framework.ts";
export { NodePair, type PairError, type PairOptions } from "./pair.ts";
export {
  type PluginExpectations,
  type PluginPlace,
  type PluginSample,
  testPlugin,
} from "./plugin_suite.ts";
export { RelayScene } from "./relay_scene.ts";
