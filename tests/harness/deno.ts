// The #test harness under Deno: the same node:test and npm expect that Node uses, which Deno implements natively.
// A file of its own, so that a difference of Deno's has a place to live.
export { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "./node.ts";
