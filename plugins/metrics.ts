/**
 * Counts what happens: sessions, connections, messages, octets, verdicts, times and queues, in a fixed number of series
 * whatever strangers send. `monitoringApp()` of `msrpkit/monitoring` publishes them.
 */
import { z } from "zod";
import {
  type ConnectionHandle,
  definePlugin,
  type Plugin,
  type PluginHost,
  type RelayCounter,
  type RelayPlugin,
  type Session,
  type TapEvents,
  type Taps,
} from "../core/mod.ts";
import { MessageTypes, methodName, statusName } from "./_message_types.ts";
import { addUp, Histogram, type MetricFamily, type MetricSample, Stopwatches, Tally } from "./_meters.ts";
import { limit, readOptions } from "./_options.ts";

export type { MetricFamily, MetricSample };

/** What metrics read of a relay. */
export type RelayNumbers = Pick<RelayPlugin, "bindingCount" | "waitingBytes" | "counted">;

/** Options of `metrics()`. */
export interface MetricsOptions {
  /** Content types that have a series of their own, beside the usual ones; all others are counted by family. */
  readonly contentTypes?: readonly string[];
  /** The relay of the node, whose numbers are then shown too. */
  readonly relay?: RelayNumbers;
  /** Series of a metric whose labels are made by plugins, such as names of stages. @default 200 */
  readonly maxSeries?: number;
  /** Messages whose time is being taken, for each direction; the oldest gives way. @default 4096 */
  readonly maxTimedMessages?: number;
}

/** Metrics: a plugin, and what it has counted. */
export interface MetricsPlugin extends Plugin {
  /** The numbers now; of all nodes together, when several use the plugin. */
  collect(): MetricFamily[];
}

const schema = z.strictObject({
  contentTypes: z.exactOptional(
    z
      .array(z.string().regex(/^[^\s/]+\/[^\s/]+$/))
      .max(100)
      .readonly(),
  ),
  relay: z.exactOptional(
    z.custom<RelayNumbers>((value) => typeof (value as RelayNumbers | null)?.counted === "function", {
      error: "a relay() is wanted",
    }),
  ),
  maxSeries: z.exactOptional(limit()),
  maxTimedMessages: z.exactOptional(limit()),
});

/**
 * Metrics of a node.
 *
 * ```ts
 * const numbers = metrics();
 * app.use(numbers);
 * const http = monitoringApp({ metrics: numbers }); // GET /metrics
 * ```
 *
 * @throws {TypeError} an option is unknown or wrong
 */
export function metrics(options: MetricsOptions = {}): MetricsPlugin {
  const checked = readOptions("metrics", schema, options);
  const nodes: Meters[] = [];
  const plugin = definePlugin("metrics", (host) => {
    const meters = new Meters(checked, host);
    nodes.push(meters);
    return { name: "metrics", taps: meters.taps() };
  });
  return {
    ...plugin,
    collect() {
      const counted = nodes.length > 0 ? nodes : [new Meters(checked, { now: () => 0 } as PluginHost)];
      return [...addUp(counted.map((node) => node.collect())), ...relayFamilies(checked.relay)];
    },
  };
}

const seconds: readonly number[] = [0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const sizes: readonly number[] = [
  256, 1024, 4096, 16_384, 65_536, 262_144, 1_048_576, 16_777_216, 268_435_456,
];

/** The numbers of one node. */
class Meters {
  readonly #host: PluginHost;
  readonly #types: MessageTypes;
  readonly #connections: Set<ConnectionHandle> = new Set();
  readonly #sessions: Set<Session> = new Set();
  readonly #receiving: Stopwatches;
  readonly #delivering: Stopwatches;
  readonly #chunkWait = new Histogram(seconds);
  readonly #response = new Histogram(seconds);
  readonly #receive = new Histogram(seconds);
  readonly #accept = new Histogram(seconds);
  readonly #delivery = new Histogram(seconds);
  readonly #size = new Histogram(sizes);
  readonly #tallies: Readonly<Record<TallyName, Tally>>;
  readonly #messages: Map<string, { received: number; sent: number }> = new Map();
  #received = 0;
  #transmitted = 0;
  #chunks = 0;
  #chunkBytes = 0;
  #unreported = 0;

  constructor(options: MetricsOptions, host: PluginHost) {
    const { maxSeries = 200, maxTimedMessages = 4096 } = options;
    this.#host = host;
    this.#types = new MessageTypes(options.contentTypes);
    this.#receiving = new Stopwatches(maxTimedMessages);
    this.#delivering = new Stopwatches(maxTimedMessages);
    this.#tallies = Object.fromEntries(
      tallies.map(([name, , labels]) => [name, new Tally(labels, maxSeries)]),
    ) as Record<TallyName, Tally>;
  }

  taps(): Taps {
    const count = this.#tallies;
    return {
      connected: ({ connection }) => {
        this.#connections.add(connection);
        count.connections_total.add(connection.direction);
      },
      wire: ({ direction, bytes }) => {
        if (direction === "received") this.#received += bytes.length;
        else this.#transmitted += bytes.length;
      },
      bound: ({ session }) => {
        this.#sessions.add(session);
        count.sessions_total.add(session.role);
      },
      settled: (event) => this.#settled(event),
      delivered: ({ message }) => this.#delivered(message),
      sent: (event) => this.#sent(event),
      response: ({ method, status, timedOut, elapsedMs }) => {
        this.#response.observe(elapsedMs / 1000);
        if (timedOut) count.dropped_total.add("unanswered");
        else if (status !== 200) count.responses_total.add(methodName(method), statusName(status));
      },
      report: (event) => this.#reported(event),
      error: ({ plugin, stage }) => count.errors_total.add(plugin, stage),
      oddity: ({ code }) => count.oddities_total.add(code),
      closed: (event) => this.#closed(event),
    };
  }

  #settled({ frame, verdict, answered, waitedMs, session }: TapEvents["settled"]): void {
    if (waitedMs === 0) this.#chunkWait.zero();
    else this.#chunkWait.observe(waitedMs / 1000);
    if (frame.method === "SEND" && verdict.accepted) {
      this.#chunkBytes += frame.bodyLength;
      if (frame.last) this.#chunks++;
      // Of messages in one chunk there is no time to take: nearly all.
      if (frame.first && (frame.flag === "+" || !frame.last)) this.#begun(session, frame);
      return;
    }
    const { status, plugin } = verdict;
    this.#tallies.requests_total.add(methodName(frame.method));
    this.#tallies.verdicts_total.add(verdict.accepted ? "" : (plugin ?? "(node)"), statusName(status));
    if (answered === "nothing" && !verdict.accepted) this.#tallies.dropped_total.add("refused-in-silence");
  }

  #begun(session: Session | undefined, frame: TapEvents["settled"]["frame"]): void {
    const { messageId, byteRange } = frame;
    // A relay sees no end of a message.
    if (messageId === undefined || (byteRange?.start ?? 1) !== 1 || session?.state !== "bound") return;
    this.#receiving.begin(messageId, this.#host.now());
  }

  #delivered(message: TapEvents["delivered"]["message"]): void {
    this.#messagesOf(message.contentType).received++;
    const { size } = message;
    if (size === undefined) {
      message.completed.then(
        (whole) => this.#whole(message.messageId, whole),
        () => this.#receiving.end(message.messageId, 0),
      );
    } else this.#whole(message.messageId, size);
  }

  #messagesOf(contentType: string | undefined): { received: number; sent: number } {
    const type = this.#types.name(contentType);
    let counts = this.#messages.get(type);
    if (counts === undefined) {
      counts = { received: 0, sent: 0 };
      this.#messages.set(type, counts);
    }
    return counts;
  }

  #whole(messageId: string, size: number): void {
    this.#size.observe(size);
    const elapsed = this.#receiving.size === 0 ? undefined : this.#receiving.end(messageId, this.#host.now());
    if (elapsed === undefined) this.#receive.zero();
    else this.#receive.observe(elapsed / 1000);
  }

  #sent({ sent, contentType }: TapEvents["sent"]): void {
    const begun = this.#host.now();
    this.#messagesOf(contentType).sent++;
    this.#delivering.begin(sent.messageId, begun);
    sent.accepted.then(
      () => this.#accept.observe((this.#host.now() - begun) / 1000),
      (error: unknown) => {
        const { status = 0, code = "error" } = error as { status?: number; code?: string };
        this.#delivering.end(sent.messageId, begun);
        this.#tallies.messages_failed_total.add(status > 0 ? statusName(status) : code);
      },
    );
  }

  #reported({ messageId, status, byteRange, matched }: TapEvents["report"]): void {
    this.#tallies.reports_total.add(statusName(status));
    if (!matched) this.#tallies.dropped_total.add("unmatched-report");
    if (!matched || (byteRange?.end !== byteRange?.total && status === 200)) return;
    const elapsed = this.#delivering.end(messageId, this.#host.now());
    if (elapsed !== undefined && status === 200) this.#delivery.observe(elapsed / 1000);
  }

  #closed({ session, connection, error, unreported = 0 }: TapEvents["closed"]): void {
    const outcome = error === undefined ? "closed" : "failed";
    if (session !== undefined) {
      this.#unreported += unreported;
      if (this.#sessions.delete(session)) this.#tallies.sessions_ended_total.add(outcome);
    } else if (connection !== undefined && this.#connections.delete(connection)) {
      this.#tallies.connections_ended_total.add(outcome);
    }
  }

  #samples(name: TallyName): MetricSample[] {
    const samples = this.#tallies[name].samples();
    if (name === "requests_total") return plus(samples, { method: "SEND" }, this.#chunks);
    if (name === "verdicts_total") return plus(samples, { plugin: "", status: "200" }, this.#chunks);
    return samples;
  }

  collect(): MetricFamily[] {
    let queued = 0;
    for (const session of this.#sessions) queued += session.pendingSends;
    let waiting = 0;
    let unanswered = 0;
    for (const connection of this.#connections) {
      waiting += connection.waitingBytes;
      unanswered += connection.openTransactions;
    }
    return [
      one("msrp_connections", "Connections that are open", "gauge", this.#connections.size),
      one("msrp_sessions", "Sessions that are bound to a connection", "gauge", this.#sessions.size),
      one("msrp_queued_messages", "Messages sent that are not accepted yet", "gauge", queued),
      one("msrp_unanswered_requests", "Requests sent that are not answered yet", "gauge", unanswered),
      one("msrp_waiting_bytes", "Octets of responses and reports that wait to be written", "gauge", waiting),
      one("msrp_received_bytes_total", "Octets received, after TLS", "counter", this.#received),
      one("msrp_transmitted_bytes_total", "Octets written, before TLS", "counter", this.#transmitted),
      one("msrp_chunks_total", "Chunks of SENDs that were accepted", "counter", this.#chunks),
      one("msrp_chunk_bytes_total", "Octets of the bodies of these chunks", "counter", this.#chunkBytes),
      {
        name: "msrp_messages_total",
        help: "Messages delivered, and messages queued to be sent",
        type: "counter",
        samples: [...this.#messages].flatMap(([type, counts]) =>
          (["received", "sent"] as const)
            .filter((direction) => counts[direction] > 0)
            .map((direction) => ({ labels: { direction, type }, value: counts[direction] })),
        ),
      },
      one("msrp_unreported_total", "Messages whose success reports never came", "counter", this.#unreported),
      ...tallies.map(
        ([name, help]): MetricFamily => ({
          name: `msrp_${name}`,
          help,
          type: "counter",
          samples: this.#samples(name),
        }),
      ),
      many("msrp_chunk_wait_seconds", "Time from the arrival of a request to its verdict", this.#chunkWait),
      many("msrp_response_seconds", "Time from a request of ours to its response", this.#response),
      many("msrp_receive_seconds", "Time from the first chunk of a message to its end", this.#receive),
      many("msrp_accept_seconds", "Time from the sending of a message to its last 200", this.#accept),
      many(
        "msrp_delivery_seconds",
        "Time from the sending of a message to its success report",
        this.#delivery,
      ),
      many("msrp_message_bytes", "Octets of received messages", this.#size),
    ];
  }
}

/** Adds accepted chunks, which are counted apart because they are nearly all there is. */
function plus(
  samples: MetricSample[],
  labels: Readonly<Record<string, string>>,
  value: number,
): MetricSample[] {
  if (value === 0) return samples;
  const same = (sample: MetricSample): boolean =>
    Object.entries(labels).every(([name, text]) => sample.labels[name] === text);
  const before = samples.find(same)?.value ?? 0;
  return [...samples.filter((sample) => !same(sample)), { labels, value: before + value }];
}

/** Counters with labels: name, help, names of the labels. */
const tallies = [
  ["connections_total", "Connections that came up", ["direction"]],
  ["connections_ended_total", "Connections that are over", ["outcome"]],
  ["sessions_total", "Sessions that were bound", ["role"]],
  ["sessions_ended_total", "Bound sessions that are over", ["outcome"]],
  ["requests_total", "Requests received, REPORTs apart", ["method"]],
  ["verdicts_total", "Outcome of these requests, and the plugin that refused", ["plugin", "status"]],
  ["messages_failed_total", "Messages sent that were not accepted", ["reason"]],
  ["responses_total", "Responses to requests of ours other than 200", ["method", "status"]],
  ["reports_total", "REPORTs received", ["status"]],
  ["dropped_total", "What got no answer, or meant nothing here", ["reason"]],
  ["errors_total", "Errors of plugins, handlers and the node itself", ["plugin", "stage"]],
  ["oddities_total", "What peers did that the RFC does not allow", ["code"]],
] as const satisfies readonly (readonly [string, string, readonly string[]])[];

type TallyName = (typeof tallies)[number][0];

const relayCounters: readonly RelayCounter[] = [
  "refused",
  "dropped",
  "authFailures",
  "authorized",
  "dialled",
  "dialFailures",
];

function relayFamilies(relay: RelayNumbers | undefined): MetricFamily[] {
  if (relay === undefined) return [];
  return [
    one("msrp_relay_bindings", "URIs of clients that hold", "gauge", relay.bindingCount),
    one("msrp_relay_waiting_bytes", "Octets that wait for their next hop", "gauge", relay.waitingBytes),
    {
      name: "msrp_relay_events_total",
      help: "What the relay did",
      type: "counter",
      samples: relayCounters.map((event) => ({ labels: { event }, value: relay.counted(event) })),
    },
  ];
}

function one(name: string, help: string, type: "counter" | "gauge", value: number): MetricFamily {
  return { name, help, type, samples: [{ labels: {}, value }] };
}

function many(name: string, help: string, histogram: Histogram): MetricFamily {
  return { name, help, type: "histogram", samples: histogram.samples(name) };
}
