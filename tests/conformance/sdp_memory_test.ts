// The suite of sessions from SDP over pipes in memory: the same on every runtime, in milliseconds.
// TLS needs sockets, so that part runs in the files named after a runtime.
import { memoryNegotiation } from "../support/memory_subject.ts";
import { sdpSuite } from "./sdp_suite.ts";

sdpSuite(memoryNegotiation(), false);
