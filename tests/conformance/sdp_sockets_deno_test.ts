// The suite of sessions from SDP over real sockets with the adapter of Deno: run by that runtime only, which the name of this
// file says. All that is tested is in tests/conformance/sdp_suite.ts.
import * as adapter from "../../adapters/deno.ts";
import { socketSubject } from "../support/negotiation.ts";
import { sdpSuite } from "./sdp_suite.ts";

sdpSuite(socketSubject("deno", adapter), true);
