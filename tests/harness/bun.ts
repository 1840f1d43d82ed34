// The #test harness under Bun: bun:test itself, cut down to what all three runtimes share.
// The other two files of this folder offer the same names over node:test and npm's expect.
import { setDefaultTimeout } from "bun:test";

export { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";

// Servers under test are child processes of a real runtime: five seconds, Bun's default, is too near.
setDefaultTimeout(60_000);
