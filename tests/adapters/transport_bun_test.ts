// The transport suite on the adapter of Bun: run by that runtime only, which the name of this file says.
// All that is tested is in testing/transport_suite.ts.
import * as framework from "#test";
import * as adapter from "../../adapters/bun.ts";
import { transportSuite } from "../../testing/transport_suite.ts";

transportSuite({ name: "bun", ...adapter }, framework);
