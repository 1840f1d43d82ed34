/**
 * What each plugin costs per chunk: a whole node is fed with SENDs of one session, with the plugin and without, and the
 * difference in processor time is taken. The transport is a stub, so that nothing else is measured.
 */
import process from "node:process";
import { type Clock, compose, Msrp, type Plugin, type Transport, type TransportSink } from "../core/mod.ts";
import {
  type ArchiveStore,
  archive,
  auth,
  buildCpim,
  contentFilter,
  cpim,
  imdn,
  isComposing,
  logger,
  metrics,
  rateLimit,
  reassembly,
  reports,
  spans,
  trace,
  webhook,
} from "../plugins/mod.ts";

const types = (): Plugin => contentFilter({ allow: ["text/*", "image/*"], deny: ["text/html"] });
const words = ["never", "said", "here"];
const much = { perSecond: 1e12 };
const limits = { messages: much, bytes: much };
const limited = (): Plugin => rateLimit({ perSession: limits, perUser: limits, perAddress: limits });
const known = (): Plugin => auth({ certificate: () => undefined });

const keepsNothing: ArchiveStore = {
  store: async () => undefined,
  search: async () => ({ messages: [], next: undefined }),
  removeBefore: async () => 0,
  close: async () => undefined,
};
const taken = async (): Promise<Response> => new Response();

/** The plugins under test, by the name of the row. Made anew for each round. */
const plugins: readonly (readonly [name: string, make: () => Plugin])[] = [
  [
    "archive(), stored nowhere",
    () => archive({ store: keepsNothing, maxSpooledMessages: 1e9, maxSpooledBytes: 1e12 }),
  ],
  ["auth(), users of certificates", known],
  ["contentFilter(), types", types],
  ["contentFilter(), sizes", () => contentFilter({ maxBytes: { "text/*": 1_000_000 } })],
  ["contentFilter(), a pattern", () => contentFilter({ text: { rules: [{ pattern: /secret/ }] } })],
  ["contentFilter(), words", () => contentFilter({ text: { rules: [{ words }] } })],
  ["rateLimit(), session, user, address", limited],
  [
    "auth, reassembly, reports, types, rateLimit, metrics",
    () => compose(known(), reassembly({ maxRememberedIds: 0 }), reports(), types(), limited(), metrics()),
  ],
  ["logger()", () => logger({ write: () => undefined, level: "warn" })],
  ["metrics()", () => metrics()],
  ["spans(), without an SDK", () => spans()],
  ["trace(), this session not traced", () => trace({ open: () => undefined })],
  ["webhook(), events told to nobody", () => webhook({ url: "http://nowhere.invalid/", fetch: taken })],
  ["trace(), written to nowhere", () => trace({ open: nowhere, maxTraceBytes: 1e12, maxTotalBytes: 1e12 })],
];

/** Those that look into wrappers: against messages that have one, and against those that have none. */
const wrappers: readonly (readonly [name: string, make: () => Plugin])[] = [
  ["cpim()", () => cpim()],
  ["cpim(), imdn(), isComposing()", () => compose(cpim(), imdn(), isComposing())],
];

const clock: Clock = { now: () => performance.now(), setTimer: () => () => undefined };
const chunksPerRead = 32;
const bodyBytes = 256;

/** Nanoseconds per chunk of each plugin, above a node without plugins. */
export async function pluginCosts(reads: number = 500, rounds: number = 12): Promise<Record<string, number>> {
  const bare = await costs(plugins, manyChunks("text/plain", "x".repeat(bodyBytes)), reads, rounds);
  const from = "sip:alice@example.org";
  const headers = [{ namespace: "urn:ietf:params:imdn", name: "Message-ID", value: "k3Jd82nQ0aZx" }];
  const fields = { from, to: "sip:bob@example.net", dateTime: "2024-05-01T10:00:00Z", headers };
  const body = new TextDecoder().decode(buildCpim({ ...fields, contentType: "text/plain" }, "x".repeat(64)));
  const wrapped = await costs(wrappers, manyChunks("message/cpim", body), reads, rounds);
  const unwrapped = await costs(wrappers, manyChunks("text/plain", "x".repeat(bodyBytes)), reads, rounds);
  const named = (all: Record<string, number>, kind: string): [string, number][] =>
    Object.entries(all).map(([name, cost]) => [`${name}, ${kind}`, cost]);
  return Object.fromEntries([
    ...Object.entries(bare),
    ...named(unwrapped, "messages without CPIM"),
    ...named(wrapped, "in CPIM"),
  ]);
}

async function costs(
  plugins: readonly (readonly [name: string, make: () => Plugin])[],
  octets: Uint8Array,
  reads: number,
  rounds: number,
): Promise<Record<string, number>> {
  // Rounds take turns, so that a machine that gets slower is as slow for all.
  const cases: readonly (readonly [string, (() => Plugin) | undefined])[] = [["none", undefined], ...plugins];
  const times = new Map<string, number[]>(cases.map(([name]) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, make] of cases) {
      const { sink, delivered } = await openNode(make?.());
      const begin = process.cpuUsage();
      for (let read = 0; read < reads; read++) sink.received(octets);
      const { user, system } = process.cpuUsage(begin);
      if (round > 2) times.get(name)?.push(((user + system) * 1e3) / (reads * chunksPerRead)); // warm by then
      if (delivered() !== reads * chunksPerRead) throw new Error(`${name}: not all messages were delivered`);
      sink.ended();
    }
  }
  // The fastest round is the one that was disturbed least.
  const least = (name: string): number => Math.min(...(times.get(name) ?? []));
  const rows = plugins.map(([name]) => [name, least(name) - least("none")] as const);
  return Object.fromEntries(rows.map(([name, cost]) => [name, Math.round(cost * 10) / 10]));
}

function nowhere(): { capture: { write(): void; close(): void } } {
  return { capture: { write: () => undefined, close: () => undefined } };
}

async function openNode(
  plugin: Plugin | undefined,
): Promise<{ sink: TransportSink; delivered: () => number }> {
  // The same octets are given again and again: without this they would be one message that comes twice.
  const app = new Msrp({ acceptUnknown: () => true, inbox: { maxRememberedIds: 0 } });
  if (plugin !== undefined) app.use(plugin);
  let messages = 0;
  app.onMessage(() => {
    messages++;
  });
  const transport: Transport = {
    clock,
    remoteAddress: "192.0.2.1",
    remotePort: 40_000,
    localAddress: "192.0.2.2",
    localPort: 2855,
    secure: false,
    framing: "stream",
    write: () => true,
    pause: () => undefined,
    resume: () => undefined,
    close: () => undefined,
    abort: () => undefined,
  };
  const sink = app.accept(transport);
  await Promise.resolve(); // the connect stage lets it in
  await Promise.resolve();
  return { sink, delivered: () => messages };
}

function manyChunks(contentType: string, body: string): Uint8Array {
  const frames = Array.from({ length: chunksPerRead }, (_, index) => {
    const id = `tid${String(index).padStart(5, "0")}`;
    return [
      `MSRP ${id} SEND`,
      "To-Path: msrp://bob.example:2855/benchSession;tcp",
      "From-Path: msrp://alice.example:2855/otherSession;tcp",
      `Message-ID: message${index}`,
      `Byte-Range: 1-${body.length}/${body.length}`,
      `Content-Type: ${contentType}`,
      "",
      body,
      `-------${id}$`,
      "",
    ].join("\r\n");
  });
  return new TextEncoder().encode(frames.join(""));
}
