/**
 * The plugins of the toolkit. Each is a factory over the public core, as a third party's would be.
 */

export * from "./codecs.ts";
export {
  type ContentFilterEvent,
  type ContentFilterOptions,
  type ContentFilterPlugin,
  type ContentFilterText,
  type ContentFilterVirus,
  type ContentScan,
  type ContentScanner,
  contentFilter,
  type FilterRule,
  type ScanVerdict,
  type TextAction,
  type TextRule,
} from "./content_filter.ts";
export { type CpimOptions, cpim } from "./cpim.ts";
export { type LoggerOptions, type LogLevel, type LogRecord, logger } from "./logger.ts";
export {
  type MetricFamily,
  type MetricSample,
  type MetricsOptions,
  type MetricsPlugin,
  metrics,
  type RelayNumbers,
} from "./metrics.ts";
export { type ReassemblyOptions, reassembly } from "./reassembly.ts";
export { type ReportsOptions, reports } from "./reports.ts";
export { type SpansOptions, spans } from "./spans.ts";
export { type TraceOptions, type TraceOutput, type TraceSink, type TraceStart, trace } from "./trace.ts";
