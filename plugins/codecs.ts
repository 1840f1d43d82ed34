/**
 * CPIM messages, disposition notifications and typing indications as octets: what reads and writes them, without a node.
 * For gateways, tests and web pages; nothing here needs a runtime or a schema library.
 */
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
