/**
 * The plugins of the toolkit. Each is a factory over the public core, as a third party's would be.
 */

export { type ComposingEvent, ComposingSession, composingOf } from "./_composing_session.ts";
export {
  type ImdnReceived,
  type ImdnSendOptions,
  type ImdnSent,
  ImdnSession,
  imdnOf,
} from "./_imdn_session.ts";
export { type ImdnState, ImdnTracking } from "./_imdn_tracker.ts";
export {
  type ArchiveChoice,
  type ArchiveDirection,
  type ArchiveFate,
  type ArchiveFateName,
  type ArchiveOptions,
  type ArchivePage,
  type ArchiveParties,
  type ArchivePlugin,
  type ArchiveProblem,
  type ArchiveQuery,
  type ArchiveRecord,
  type ArchiveStore,
  archive,
  archiveLine,
  archiveLines,
  type MemoryArchiveOptions,
  memoryArchive,
} from "./archive.ts";
export {
  type AuthAttempt,
  type AuthBearer,
  type AuthCookie,
  type AuthDigest,
  type AuthMethod,
  type AuthOptions,
  type AuthPermit,
  auth,
  type LockOutOptions,
} from "./auth.ts";
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
export { type ImdnOptions, imdn } from "./imdn.ts";
export { type IsComposingOptions, isComposing } from "./is_composing.ts";
export { type LoggerOptions, type LogLevel, type LogRecord, logger } from "./logger.ts";
export {
  type MetricFamily,
  type MetricSample,
  type MetricsOptions,
  type MetricsPlugin,
  metrics,
  type RelayNumbers,
} from "./metrics.ts";
export { type Rate, type RateLimitOptions, type Rates, rateLimit } from "./rate_limit.ts";
export { type ReassemblyOptions, reassembly } from "./reassembly.ts";
export { type ReportsOptions, reports } from "./reports.ts";
export { type SpansOptions, spans } from "./spans.ts";
export { type TraceOptions, type TraceOutput, type TraceSink, type TraceStart, trace } from "./trace.ts";
export {
  type PolicyMessage,
  type PolicyQuestion,
  verifyWebhook,
  type WebhookEvent,
  type WebhookEventName,
  type WebhookFetch,
  type WebhookOptions,
  type WebhookPlugin,
  type WebhookPolicy,
  type WebhookProblem,
  type WebhookResponse,
  type WebhookVerification,
  webhook,
  webhookEventNames,
} from "./webhook.ts";
