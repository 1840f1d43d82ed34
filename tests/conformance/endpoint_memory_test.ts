// The endpoint suite over pipes in memory: the same on every runtime, in milliseconds.
import * as framework from "#test";
import { endpointSuite } from "../../testing/endpoint_suite.ts";
import { memorySubject } from "../support/memory_subject.ts";

endpointSuite(memorySubject(), framework);

// One octet per segment: no frame may depend on how its bytes arrive.
endpointSuite(memorySubject({ maxSegmentBytes: 1 }, "memory, an octet at a time"), framework);
