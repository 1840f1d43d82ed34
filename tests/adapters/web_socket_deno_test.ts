// The WebSocket suite on own listeners of Deno, and the endpoint suite over them: run by that runtime only, which
// the name of this file says. All that is tested is in tests/conformance/.
import * as adapter from "../../adapters/deno.ts";
import { ownWebSocketSuites } from "../conformance/own_listener_suites.ts";

ownWebSocketSuites("deno", adapter);
