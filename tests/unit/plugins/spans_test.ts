// spans() in an endpoint, an echo and a relay, and a real export: from the SDK of OpenTelemetry over OTLP/HTTP to an
// endpoint that the test serves and reads. Other exports go into memory.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { context, type Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from "@opentelemetry/sdk-trace-base";
import { describe, expect, test } from "#test";
import { settle } from "../../../adapters/memory.ts";
import { definePlugin, type Msrp } from "../../../core/mod.ts";
import { type SpansOptions, spans } from "../../../plugins/spans.ts";
import { RelayBench } from "../../support/relay_bench.ts";
import { nodePair } from "./_pair.ts";

function recorder(): { tracer: Tracer; finished: () => ReadableSpan[] } {
  const exporter = new InMemorySpanExporter();
  const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  return { tracer: provider.getTracer("test"), finished: () => exporter.getFinishedSpans() };
}

const parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

describe("spans()", () => {
  test("refuses options that are unknown or wrong", () => {
    expect(() => spans({ tracer: {} as Tracer })).toThrow('Cannot make plugin "spans": tracer');
    expect(() => spans({ maxOpenSpans: 0 })).toThrow("maxOpenSpans");
    expect(() => spans({ color: "red" } as SpansOptions)).toThrow("color");
  });

  test("one for each message that comes in, as a child of the span that the peer names", async () => {
    const { tracer, finished } = recorder();
    const pair = nodePair([spans({ tracer })]);
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    const before = finished().length;
    await session.send("hello", { messageId: "m.one1", headers: [["Traceparent", parent]] }).accepted;
    await session.send("no context").accepted;
    const [first, second] = finished().slice(before);
    expect(first?.name).toBe("msrp receive");
    expect(first?.spanContext().traceId).toBe("4bf92f3577b34da6a3ce929d0e0e4736");
    expect(first?.parentSpanContext).toMatchObject({ spanId: "00f067aa0ba902b7", isRemote: true });
    expect(first?.attributes).toMatchObject({
      "messaging.system": "msrp",
      "messaging.operation.type": "process",
      "messaging.message.id": "m.one1",
      "messaging.message.body.size": 5,
      "msrp.content_type": "text/plain;charset=utf-8",
    });
    expect(second?.parentSpanContext).toBe(undefined);
    expect(JSON.stringify([first?.attributes, second?.attributes])).not.toContain("Session1");
    await pair.close();
  });

  test("extract: false begins a trace of its own", async () => {
    const { tracer, finished } = recorder();
    const pair = nodePair([spans({ tracer, extract: false })]);
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    await session.send("hello", { headers: [["Traceparent", parent]] }).accepted;
    expect(finished().at(-1)?.parentSpanContext).toBe(undefined);
    await pair.close();
  });

  test("one span for a message of many chunks, and one that a refusal ends", async () => {
    const { tracer, finished } = recorder();
    const strict = definePlugin({
      name: "strict",
      chunk: async (c, next) => (c.contentType === "image/png" ? c.reject(415) : next()),
    });
    const pair = nodePair([spans({ tracer }), strict]);
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    // The SEND that opens a session is no message.
    const before = finished().length;
    expect(before).toBe(0);
    await session.send(new Uint8Array(300_000), { chunkBytes: 50_000 }).accepted;
    expect(finished().length).toBe(before + 1);
    await session.send(new Uint8Array(300_000), { contentType: "image/png" }).accepted.catch(() => undefined);
    const [long, refused] = finished().slice(before);
    expect([long?.status.code, refused?.status.code]).toEqual([0, 2]);
    expect(refused?.attributes).toMatchObject({ "msrp.status": 415, "msrp.refused_by": "strict" });
    await pair.close();
  });

  test("maxOpenSpans: the oldest is ended for a new one; the rest with the connection", async () => {
    const { tracer, finished } = recorder();
    const pair = nodePair([spans({ tracer, maxOpenSpans: 2 })]);
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    const before = finished().length;
    for (const id of ["m.one1", "m.two2", "m.three3"]) {
      const stream = new ReadableStream<Uint8Array>({
        start: (controller) => controller.enqueue(new Uint8Array(70_000)),
      });
      session.send(stream, { messageId: id });
      await settle();
    }
    const ids = (): unknown[] =>
      finished()
        .slice(before)
        .map(({ attributes }) => attributes["messaging.message.id"]);
    expect(ids()).toEqual(["m.one1"]);
    await pair.close();
    expect(ids()).toEqual(["m.one1", "m.two2", "m.three3"]);
    expect(finished().map(({ status }) => status.code)).toEqual([0, 2, 2]);
  });

  test("one for each message that is sent; the peer's span is its child, over two nodes", async () => {
    const here = recorder();
    const there = recorder();
    const pair = nodePair([spans({ tracer: there.tracer })]);
    (pair.sender as Msrp).use(spans({ tracer: here.tracer }));
    pair.receiver.onMessage((message) => {
      if (message.messageId === "m.bad1") throw new Error("no");
    });
    const session = await pair.connect();
    await session.send("hello", { messageId: "m.good1" }).accepted;
    await session.send("hello", { messageId: "m.bad1" }).accepted.catch(() => undefined);
    await settle();
    const sent = here.finished();
    const received = there.finished().slice(-2);
    expect(sent.map(({ name, status }) => [name, status.code])).toEqual([
      ["msrp send", 0],
      ["msrp send", 2],
    ]);
    expect(sent[1]?.attributes).toMatchObject({ "msrp.status": 403, "error.type": "refused" });
    expect(received.map((span) => span.parentSpanContext?.spanId)).toEqual(
      sent.map((span) => span.spanContext().spanId),
    );
    expect(received[0]?.spanContext().traceId).toBe(sent[0]?.spanContext().traceId);
    await pair.close();
  });

  test("inject: false tells the peer nothing; nor does a node without SDK, nor one that was told to", async () => {
    const seen: (string | undefined)[] = [];
    const send = async (
      plugin: ReturnType<typeof spans>,
      headers: [string, string][] = [],
    ): Promise<void> => {
      const pair = nodePair([]);
      (pair.sender as Msrp).use(plugin);
      pair.receiver.onMessage((message) => void seen.push(message.headers.get("Traceparent")));
      await (await pair.connect()).send("x", { headers }).accepted;
      await pair.close();
    };
    const { tracer } = recorder();
    await send(spans({ tracer, inject: false }));
    await send(spans());
    await send(spans({ tracer }), [["Traceparent", parent]]);
    await send(spans({ tracer }));
    expect(seen.slice(0, 3)).toEqual([undefined, undefined, parent]);
    expect(seen[3]).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/);
  });

  test("what a handler does is inside the message's span", async () => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    try {
      const { tracer, finished } = recorder();
      const pair = nodePair([spans({ tracer })]);
      pair.receiver.onMessage(async (_message, session) => {
        tracer.startSpan("look up").end();
        await session.send("answer").accepted;
      });
      const session = await pair.connect();
      const before = finished().length;
      await session.send("x").accepted;
      await settle();
      const mine = finished().slice(before);
      const received = mine.find(({ name }) => name === "msrp receive")?.spanContext().spanId;
      expect(mine.map(({ name }) => name).sort()).toEqual(["look up", "msrp receive", "msrp send"]);
      expect(
        mine.filter(({ name }) => name !== "msrp receive").map((span) => span.parentSpanContext?.spanId),
      ).toEqual([received, received]);
      await pair.close();
    } finally {
      context.disable();
    }
  });

  test("a relay: a span for each message that is passed on, which its fields pass through", async () => {
    const { tracer, finished } = recorder();
    const bench = new RelayBench({}, spans({ tracer }));
    const alice = await bench.peer();
    const token = await bench.login(alice, "alice");
    const peer = await bench.peer();
    peer.send(`${token} ${alice.uri}`, { headers: [`Traceparent: ${parent}`] });
    const [frame] = await alice.take();
    expect(frame?.headers["Traceparent"]).toBe(parent);
    const [span] = finished();
    expect([span?.name, span?.parentSpanContext?.spanId]).toEqual(["msrp relay", "00f067aa0ba902b7"]);
    await bench.close();
  });

  test("OTLP/HTTP: a collector gets the spans of both sides, in one trace", async () => {
    interface Otlp {
      resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[];
    }
    const got: { path: string | undefined; spans: Record<string, unknown>[] }[] = [];
    const collector = createServer((request, response) => {
      let body = "";
      request.setEncoding("utf8").on("data", (text: string) => {
        body += text;
      });
      request.on("end", () => {
        const { resourceSpans } = JSON.parse(body) as Otlp;
        const list = resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap((scope) => scope.spans));
        got.push({ path: request.url, spans: list });
        response.setHeader("content-type", "application/json").end("{}");
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/traces`;
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(new OTLPTraceExporter({ url }))],
    });
    const tracer = provider.getTracer("msrpkit");
    const pair = nodePair([spans({ tracer })]);
    (pair.sender as Msrp).use(spans({ tracer }));
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    await session.send("over the wire", { messageId: "m.otlp" }).accepted;
    await settle();
    await provider.forceFlush();
    await provider.shutdown();
    await pair.close();
    await new Promise<void>((resolve) => {
      collector.close(() => resolve());
      collector.closeAllConnections();
    });
    const exported = got.flatMap(({ spans: list }) => list);
    const text = JSON.stringify(exported);
    const send = exported.find(({ name }) => name === "msrp send");
    const receive = exported.find((span) => span["parentSpanId"] === send?.["spanId"]);
    expect(got.every(({ path }) => path === "/v1/traces")).toBe(true);
    expect([receive?.["name"], receive?.["traceId"]]).toEqual(["msrp receive", send?.["traceId"]]);
    expect([send?.["kind"], receive?.["kind"]]).toEqual([4, 5]); // PRODUCER and CONSUMER of OTLP
    expect(text).toContain('"m.otlp"');
    expect(text).not.toContain("Session1");
    expect(
      BigInt(receive?.["endTimeUnixNano"] as string) >= BigInt(receive?.["startTimeUnixNano"] as string),
    ).toBe(true);
  });
});
