/**
 * CPIM messages, disposition notifications and typing indications as octets: what reads and writes them, without a node.
 * For gateways, tests and web pages; nothing here needs a runtime or a schema library.
 */
export {
  buildComposing,
  type ComposingState,
  type ComposingStatus,
  composingContentType,
  composingNamespace,
  parseComposing,
  type ReadComposingStatus,
} from "./_composing_document.ts";
export { ComposingReceiver, ComposingSender, type ComposingTimes } from "./_composing_machines.ts";
export { buildCpim, buildCpimHead } from "./_cpim_build.ts";
export type { CpimHead } from "./_cpim_head.ts";
export { CpimMessage, cpimOf } from "./_cpim_message.ts";
export { type CpimIdentity, cpimIdentity, sendCpim } from "./_cpim_outgoing.ts";
export {
  type Cpim,
  CpimReader,
  cpimContent,
  cpimText,
  parseCpim,
  parseCpimHead,
} from "./_cpim_parse.ts";
export { cpimNamespace, formatDateTime, imdnNamespace, parseDateTime } from "./_cpim_text.ts";
export type {
  CpimAddress,
  CpimExtension,
  CpimFields,
  CpimHeader,
  CpimLimits,
  CpimMode,
  CpimName,
  CpimReadOptions,
  CpimSubject,
} from "./_cpim_types.ts";
export { buildImdnAggregate, type ImdnAggregateLimits, parseImdnAggregate } from "./_imdn_aggregate.ts";
export {
  buildNotification,
  decideImdn,
  type ImdnDecision,
  type ImdnDraft,
  type ImdnEvent,
  type ImdnPolicy,
  type ImdnRequest,
  type ImdnRole,
  imdnMessageId,
  imdnRequests,
  isNotification,
  routeImdn,
  wrapNotification,
} from "./_imdn_decide.ts";
export {
  buildImdn,
  type ImdnNotification,
  type ImdnStatus,
  type ImdnType,
  imdnContentType,
  imdnXmlNamespace,
  parseImdn,
} from "./_imdn_document.ts";
export type { MimeFields } from "./_mime_head.ts";
export type { XmlLimits } from "./_xml.ts";
