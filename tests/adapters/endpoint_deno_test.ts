// The endpoint suite over real sockets of Deno: run by that runtime only, which the name of this file says.
// All that is tested is in testing/endpoint_suite.ts.
import * as adapter from "../../adapters/deno.ts";
import { socketEndpointSuite } from "../conformance/own_listener_suites.ts";

socketEndpointSuite("deno", adapter);
