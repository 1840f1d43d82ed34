/**
 * The plugins of the toolkit. Each is a factory over the public core, as a third party's would be.
 */
export { type ReassemblyOptions, reassembly } from "./reassembly.ts";
export { type ReportsOptions, reports } from "./reports.ts";
export { type TraceOptions, type TraceOutput, type TraceSink, type TraceStart, trace } from "./trace.ts";
