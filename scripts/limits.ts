// Writes docs/2.reference/limits.md: every option that bounds something, with its default and the reason, from the sources.
// `tsx scripts/limits.ts` after a change; tests/rules/limits_test.ts fails when the page is not what this makes.
import { writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { read, root } from "./tree.ts";

/** Where options are declared: the page's sections, in order. */
const sections: readonly (readonly [title: string, intro: string, file: string, declaration: string])[] = [
  ["Node", "Options of `new Msrp({ … })`.", "core/node/options.ts", "MsrpOptions"],
  [
    "Session",
    "Options of `connect()`, `app.session()` and `new Msrp({ session })`.",
    "core/session/session_options.ts",
    "SessionSettings",
  ],
  [
    "Reassembly",
    "Options of `reassembly()` and `new Msrp({ inbox })`, for each session.",
    "core/session/inbox_options.ts",
    "InboxOptions",
  ],
  [
    "Reassembly of a whole node",
    "Options of `reassembly()` besides.",
    "plugins/reassembly.ts",
    "ReassemblyOptions",
  ],
  [
    "CPIM",
    "Options of `cpim()`, `imdn()`, `isComposing()` and of `parseCpim()`.",
    "plugins/_cpim_types.ts",
    "CpimLimits",
  ],
  ["Disposition notifications", "Options of `imdn()` besides.", "plugins/imdn.ts", "ImdnOptions"],
  [
    "Typing indications",
    "Options of `isComposing()` besides.",
    "plugins/is_composing.ts",
    "IsComposingOptions",
  ],
  ["Connection", "Options of `new Msrp({ connection })`.", "core/connection/options.ts", "ConnectionOptions"],
  [
    "Reading frames",
    "Options of `new Msrp({ connection: { decoder } })` and of `new Decoder()`.",
    "core/wire/decoder_options.ts",
    "DecoderOptions",
  ],
  [
    "Relay",
    "Options of `relay({ limits })`, and `limits` in the file of `msrpkit relay --config`. Lifetimes are in seconds.",
    "core/relay/limits.ts",
    "RelayLimits",
  ],
  ["Traces", "Options of `trace()`.", "plugins/trace.ts", "TraceOptions"],
  ["Logs", "Options of `logger()`.", "plugins/logger.ts", "LoggerOptions"],
  ["Metrics", "Options of `metrics()`.", "plugins/metrics.ts", "MetricsOptions"],
  ["Spans", "Options of `spans()`.", "plugins/spans.ts", "SpansOptions"],
  [
    "Sockets",
    "Options of `listen()` of every adapter, for each connection.",
    "adapters/_limits.ts",
    "SocketLimits",
  ],
  ["Listeners", "Options of `listen()` of every adapter.", "adapters/_limits.ts", "ListenLimits"],
  [
    "WebSockets of servers",
    "Options of `listen(…, { webSocket })` and of `msrpUpgrade()`, for each connection.",
    "adapters/_ws_limits.ts",
    "WebSocketLimits",
  ],
  [
    "Handshakes of WebSockets",
    "Options of `listen(…, { webSocket })` besides.",
    "adapters/_ws_limits.ts",
    "WebSocketOptions",
  ],
  [
    "Digest in handshakes",
    "Options of `handshakeDigest()`.",
    "core/relay/handshake_digest.ts",
    "HandshakeDigestOptions",
  ],
  [
    "WebSockets of clients",
    "Options of `new MsrpClient({ … })` and `webSocketConnector()`, for each connection.",
    "adapters/_web_socket_transport.ts",
    "WebSocketLimits",
  ],
  [
    "Clients over WebSockets",
    "Options of `new MsrpClient({ … })` besides.",
    "core/client/options.ts",
    "ClientOptions",
  ],
  ["Coming back", "`reconnect` of `new MsrpClient({ … })`.", "core/client/options.ts", "ReconnectOptions"],
  [
    "Sessions of clients over WebSockets",
    "Options of `MsrpClient.session()`.",
    "core/client/options.ts",
    "ClientSessionOptions",
  ],
  [
    "TCP from Workers",
    "Options of `workersConnector()`.",
    "adapters/_workers_dial.ts",
    "WorkersConnectorOptions",
  ],
  [
    "Data channels",
    "Options of `openDataChannel()`, besides those of WebSockets of clients.",
    "adapters/_data_channel_transport.ts",
    "DataChannelOptions",
  ],
  [
    "Gateway of data channels",
    "Options of `new DataChannelGateway()` besides.",
    "adapters/_data_channel_gateway.ts",
    "DataChannelGatewayOptions",
  ],
  ["Nonces of a relay", "Options of `new Authenticator({ … })`.", "core/relay/nonces.ts", "NonceOptions"],
  [
    "Logging in at relays",
    "Options of `new ClientAuth({ … })`.",
    "core/relay/client_auth.ts",
    "ClientAuthOptions",
  ],
  [
    "Using relays",
    "Options of `connectThroughRelay()`, besides those of `ClientAuth`.",
    "core/relay/client_options.ts",
    "RelayClientOptions",
  ],
  ["Filtering content", "Options of `contentFilter()`.", "plugins/content_filter.ts", "ContentFilterOptions"],
  [
    "Filtering texts",
    "Options of `contentFilter({ text })`.",
    "plugins/content_filter.ts",
    "ContentFilterText",
  ],
  [
    "Scanning for viruses",
    "Options of `contentFilter({ virus })`.",
    "plugins/content_filter.ts",
    "ContentFilterVirus",
  ],
  ["Asking clamd", "Options of `clamd()`.", "adapters/_clamd_link.ts", "ClamdLimits"],
  ["Limiting rates", "Options of `rateLimit()`.", "plugins/rate_limit.ts", "RateLimitOptions"],
  ["Locking out", "Options of `auth({ lockOut })`.", "plugins/_lock_out.ts", "LockOutOptions"],
  ["Archives", "Options of `archive()`.", "plugins/archive.ts", "ArchiveOptions"],
  [
    "Archives in memory",
    "Options of `memoryArchive()`.",
    "plugins/_archive_memory.ts",
    "MemoryArchiveOptions",
  ],
  ["Archives in SQL", "Options of `openArchive()`.", "adapters/archive.ts", "OpenArchiveOptions"],
  ["Webhooks", "Options of `webhook()`.", "plugins/webhook.ts", "WebhookOptions"],
  ["Asking a policy service", "Options of `webhook({ policy })`.", "plugins/webhook.ts", "WebhookPolicy"],
  [
    "Users in an htdigest file",
    "Of the command `msrpkit`; fixed there.",
    "server/credentials/htdigest_file.ts",
    "HtdigestOptions",
  ],
  [
    "Users in PostgreSQL or behind HTTP",
    "Of the command `msrpkit`, for each such place; fixed there.",
    "server/credentials/lookup_gate.ts",
    "LookupGateOptions",
  ],
  [
    "Answers of an HTTP service",
    "Of the command `msrpkit`; fixed there.",
    "server/credentials/lookup_cache.ts",
    "LookupCacheOptions",
  ],
];

const path = "docs/2.reference/limits.md";

/** The page as it should be. */
export function limitsPage(): string {
  const tables = sections.map(([title, intro, file, declaration]) => {
    const rows = optionsOf(read(file), declaration).map(
      ({ name, fallback, text }) => `| \`${name}\` | ${fallback} | ${text} |`,
    );
    return `## ${title}\n\n${intro}\n\n| option | default | what it bounds, and why so much |\n|---|---|---|\n${rows.join("\n")}\n`;
  });
  return `# Limits

Whatever a stranger can fill has a limit, and every limit is an option with a default. Times are milliseconds (\`…Ms\`), sizes are
octets (\`…Bytes\`). This page is made from the sources by \`scripts/limits.ts\`.

${tables.join("\n")}`;
}

interface Option {
  readonly name: string;
  readonly fallback: string;
  readonly text: string;
}

/** The options of an interface whose default is a number, or that switch a limit off. */
function optionsOf(source: string, declaration: string): Option[] {
  const start = source.search(new RegExp(`export interface ${declaration}\\b`));
  if (start < 0) throw new Error(`Cannot find interface ${declaration}`);
  const body = source.slice(start, source.indexOf("\n}", start));
  const found: Option[] = [];
  for (const match of body.matchAll(/\/\*\*([\s\S]*?)\*\/\s*(?:readonly )?(\w+)\?:/g)) {
    const comment = match[1]!
      .replace(/\n\s*\* ?/g, " ")
      .replace(/\s+/g, " ")
      .trim();
    const [text = "", fallback = ""] = comment.split("@default").map((part) => part.trim());
    if (!/^(\d+|Infinity)(?![\w ])/.test(fallback)) continue;
    found.push({ name: match[2]!, fallback: grouped(fallback), text: text.replace(/\|/g, "\\|") });
  }
  if (found.length === 0) throw new Error(`Cannot find limits in ${declaration}`);
  return found;
}

/** A number with blanks between groups of three digits. */
function grouped(fallback: string): string {
  return fallback.replace(/^(\d{5,})/, (digits) => digits.replace(/\B(?=(\d{3})+$)/g, " "));
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(root + path, limitsPage());
