// The transport suite on the adapter of Deno: run by that runtime only, which the name of this file says.
// All that is tested is in tests/conformance/transport_suite.ts.
import * as adapter from "../../adapters/deno.ts";
import { transportSuite } from "../conformance/transport_suite.ts";

transportSuite({ name: "deno", ...adapter });
