// metrics() in an endpoint, an echo and a relay: what is counted, and that strangers cannot make it grow.
// Numbers are asked for as an application does, by collect().
import { describe, expect, test } from "#test";
import { settle } from "../../../adapters/memory.ts";
import { compose, definePlugin, type Msrp } from "../../../core/mod.ts";
import { type MetricsOptions, type MetricsPlugin, metrics } from "../../../plugins/metrics.ts";
import { RelayBench } from "../../support/relay_bench.ts";
import { nodePair } from "./_pair.ts";

/** All samples by name and labels: `{'msrp_x{a="b"}': 1}`; buckets only when asked for. */
function numbers(plugin: MetricsPlugin): Record<string, number> {
  const all: Record<string, number> = {};
  for (const { name, samples } of plugin.collect()) {
    for (const { name: own = name, labels, value } of samples) {
      const text = Object.entries(labels).map(([label, text]) => `${label}="${text}"`);
      all[text.length > 0 ? `${own}{${text.join(",")}}` : own] = value;
    }
  }
  return all;
}

const pick = (all: Record<string, number>, pattern: RegExp): Record<string, number> =>
  Object.fromEntries(Object.entries(all).filter(([name]) => pattern.test(name)));

describe("metrics()", () => {
  test("refuses options that are unknown or wrong", () => {
    expect(() => metrics({ contentTypes: ["text"] })).toThrow('Cannot make plugin "metrics": contentTypes');
    expect(() => metrics({ contentTypes: new Array<string>(101).fill("a/b") })).toThrow("contentTypes");
    expect(() => metrics({ relay: {} as NonNullable<MetricsOptions["relay"]> })).toThrow("relay");
    expect(() => metrics({ maxSeries: 0 })).toThrow("maxSeries");
  });

  test("gives all its families before anything has happened", () => {
    const plugin = metrics();
    const names = plugin.collect().map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toContain("msrp_sessions");
    expect(plugin.collect().every(({ help, name }) => help !== "" && name.startsWith("msrp_"))).toBe(true);
  });

  test("connections, sessions, messages and octets of an endpoint that is an echo", async () => {
    const plugin = metrics();
    const pair = nodePair([plugin]);
    pair.receiver.onMessage((message, session) => {
      session.send(message.body, { contentType: message.contentType });
    });
    let octets = 0;
    pair.sender.tap("wire", ({ bytes, direction }) => {
      if (direction === "transmitted") octets += bytes.length;
    });
    const session = await pair.connect();
    await session.send("hello").delivered;
    await session.send(new Uint8Array(5000), { contentType: "image/png" }).delivered;
    await settle();
    const open = numbers(plugin);
    expect(pick(open, /connections|sessions|messages|bytes_total|chunks/)).toMatchObject({
      msrp_connections: 1,
      msrp_sessions: 1,
      'msrp_connections_total{direction="inbound"}': 1,
      'msrp_sessions_total{role="passive"}': 1,
      'msrp_messages_total{direction="received",type="text/plain"}': 1,
      'msrp_messages_total{direction="received",type="image/*"}': 1,
      'msrp_messages_total{direction="sent",type="text/plain"}': 1,
      'msrp_messages_total{direction="sent",type="image/*"}': 1,
      msrp_received_bytes_total: octets,
      msrp_chunks_total: 3, // the SEND that binds the session is one
      msrp_chunk_bytes_total: 5005,
    });
    expect(open).toMatchObject({
      'msrp_requests_total{method="SEND"}': 3,
      'msrp_verdicts_total{plugin="",status="200"}': 3,
      'msrp_message_bytes_bucket{le="256"}': 1,
      'msrp_message_bytes_bucket{le="16384"}': 2,
      msrp_message_bytes_sum: 5005,
      msrp_accept_seconds_count: 2,
      msrp_delivery_seconds_count: 2,
      msrp_response_seconds_count: 2,
      'msrp_reports_total{status="200"}': 2,
      msrp_queued_messages: 0,
    });
    await session.close();
    await pair.close();
    expect(numbers(plugin)).toMatchObject({ msrp_connections: 0, msrp_sessions: 0 });
    expect(pick(numbers(plugin), /_ended_/)).not.toEqual({});
  });

  test("refusals by plugin and status, errors by plugin and stage", async () => {
    const plugin = metrics();
    const strict = definePlugin({
      name: "strict",
      chunk: (c, next) => (c.contentType === "image/png" ? c.reject(415) : next()),
    });
    const broken = definePlugin({
      name: "broken",
      message: (c, next) => {
        if (c.contentType === "text/html") throw new Error("bug");
        return next();
      },
    });
    const pair = nodePair([plugin, compose(strict, broken)]);
    pair.receiver.onMessage((message) => {
      if (message.contentType === "text/css") throw new Error("no");
    });
    const session = await pair.connect();
    for (const contentType of ["image/png", "text/html", "text/css", "text/plain"]) {
      await session.send("x", { contentType }).accepted.catch(() => undefined);
    }
    expect(pick(numbers(plugin), /verdicts|errors/)).toEqual({
      'msrp_verdicts_total{plugin="strict",status="415"}': 1,
      'msrp_verdicts_total{plugin="broken",status="403"}': 1,
      'msrp_verdicts_total{plugin="(application)",status="403"}': 1,
      'msrp_verdicts_total{plugin="",status="200"}': 2,
      'msrp_errors_total{plugin="broken",stage="message"}': 1,
      'msrp_errors_total{plugin="(application)",stage="onMessage"}': 1,
    });
    await pair.close();
  });

  test("times: a verdict that is late, a message of many chunks, an answer that is slow", async () => {
    const plugin = metrics();
    let open = (): void => {};
    const gate = definePlugin({
      name: "gate",
      chunk: async (c, next) => {
        if (c.contentType === "text/slow") {
          await new Promise<void>((resolve) => {
            open = resolve;
          });
        }
        return next();
      },
    });
    const pair = nodePair([plugin, gate]);
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    const slow = session.send("x", { contentType: "text/slow" });
    await settle();
    await pair.clock.advance(2_000);
    open();
    await slow.accepted;
    let more = (): void => {};
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(70_000));
        more = () => {
          controller.enqueue(new Uint8Array(10));
          controller.close();
        };
      },
    });
    const long = session.send(stream, { contentType: "application/octet-stream" });
    await settle();
    await pair.clock.advance(4_000);
    more();
    await long.accepted;
    const all = numbers(plugin);
    expect(all["msrp_chunk_wait_seconds_sum"]).toBe(2);
    expect(all['msrp_chunk_wait_seconds_bucket{le="1"}']).toBe(
      (all["msrp_chunk_wait_seconds_count"] ?? 0) - 1,
    );
    expect([all["msrp_receive_seconds_sum"], all["msrp_receive_seconds_count"]]).toEqual([4, 2]);
    await pair.close();
  });

  test("queues and failures of what is sent", async () => {
    const plugin = metrics();
    const pair = nodePair([plugin]);
    const session = await pair.connect();
    const [peer] = pair.receiver.sessions;
    session.onMessage((message) => {
      if (message.contentType === "text/html") throw new Error("no");
    });
    const sent = peer?.send("x", { contentType: "text/html" });
    expect(numbers(plugin)["msrp_queued_messages"]).toBe(1);
    await Promise.resolve();
    expect(numbers(plugin)["msrp_unanswered_requests"]).toBe(1);
    await sent?.accepted.catch(() => undefined);
    await settle();
    expect(pick(numbers(plugin), /failed|queued|unanswered_r|responses/)).toEqual({
      msrp_queued_messages: 0,
      msrp_unanswered_requests: 0,
      'msrp_messages_failed_total{reason="403"}': 1,
      'msrp_responses_total{method="SEND",status="403"}': 1,
    });
    await pair.close();
  });

  test("strangers cannot make it grow", async () => {
    const plugin = metrics({ maxSeries: 20 });
    const pair = nodePair([plugin]);
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    const count = (): number => Object.keys(numbers(plugin)).length;
    const visit = async (round: number): Promise<void> => {
      for (let index = 0; index < 40; index++) {
        const name = `x${round}y${index}`;
        await session.send("x", { contentType: `text/${name}` }).accepted;
        await session.send("x", { contentType: `${name}/plain` }).accepted;
        await session.request(
          `X${name.replace(/\d/g, (digit) => "ABCDEFGHIJ"[Number(digit)] ?? "")}`.toUpperCase(),
        );
      }
    };
    await visit(1);
    const before = count();
    await visit(2);
    expect(count()).toBe(before);
    expect(pick(numbers(plugin), /requests_total|messages_total/)).toEqual({
      'msrp_requests_total{method="SEND"}': 161,
      'msrp_requests_total{method="other"}': 80,
      'msrp_messages_total{direction="received",type="text/*"}': 80,
      'msrp_messages_total{direction="received",type="other"}': 80,
    });
    await pair.close();
  });

  test("one plugin in two nodes adds them up; two plugins in two nodes share nothing", async () => {
    const both = metrics();
    const alone = metrics();
    const one = nodePair([both]);
    const two = nodePair([both, alone]);
    for (const pair of [one, two]) {
      (pair.receiver as Msrp).onMessage(() => undefined);
      await (await pair.connect()).send("x").accepted;
    }
    const name = 'msrp_messages_total{direction="received",type="text/plain"}';
    expect([numbers(both)[name], numbers(alone)[name]]).toEqual([2, 1]);
    expect([numbers(both)["msrp_sessions"], numbers(alone)["msrp_sessions"]]).toEqual([2, 1]);
    await one.close();
    await two.close();
  });

  test("a relay: what is passed on, refused by a plugin, and its own numbers", async () => {
    let inner: RelayBench["plugin"] | undefined;
    const plugin = metrics({
      relay: {
        get bindingCount() {
          return inner?.bindingCount ?? 0;
        },
        get waitingBytes() {
          return inner?.waitingBytes ?? 0;
        },
        counted: (counter) => inner?.counted(counter) ?? 0,
      },
    });
    const strict = definePlugin({
      name: "strict",
      chunk: (c, next) => (c.contentType === "text/plain" ? next() : c.reject(415)),
    });
    const bench = new RelayBench({}, plugin, strict);
    inner = bench.plugin;
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const peer = await bench.peer();
    peer.send(`${token} ${alice.uri}`);
    peer.send(`${token} ${alice.uri}`, { type: "image/png" });
    expect(await peer.heard()).toEqual(["200", "415"]);
    expect(numbers(plugin)).toMatchObject({
      msrp_connections: 2,
      msrp_chunks_total: 1,
      msrp_chunk_bytes_total: 5,
      'msrp_requests_total{method="AUTH"}': 2,
      'msrp_verdicts_total{plugin="(node)",status="401"}': 1,
      'msrp_verdicts_total{plugin="strict",status="415"}': 1,
      'msrp_verdicts_total{plugin="",status="200"}': 2,
      msrp_relay_bindings: 1,
      msrp_relay_waiting_bytes: 0,
      'msrp_relay_events_total{event="authorized"}': 1,
    });
    await bench.close();
  });
});
