// W3C Trace Context in header fields: the examples of the recommendation, and what must be ignored.
// What is ignored leaves the trace that there was.
import { ROOT_CONTEXT, trace } from "@opentelemetry/api";
import { describe, expect, test } from "#test";
import { extract, inject } from "../../../plugins/_traceparent.ts";

const traceId = "4bf92f3577b34da6a3ce929d0e0e4736";
const spanId = "00f067aa0ba902b7";

const read = (fields: Record<string, string>) =>
  trace.getSpanContext(extract({ get: (name) => fields[name] }, ROOT_CONTEXT));

describe("extract", () => {
  test("W3C Trace Context §3.2: reads ids and the sampled flag", () => {
    expect(read({ Traceparent: `00-${traceId}-${spanId}-01` })).toMatchObject({
      traceId,
      spanId,
      traceFlags: 1,
      isRemote: true,
    });
    expect(read({ Traceparent: `00-${traceId}-${spanId}-00` })?.traceFlags).toBe(0);
    expect(read({ Traceparent: `cc-${traceId}-${spanId}-01-what-comes-later` })?.spanId).toBe(spanId);
  });

  test("§3.3: reads the state of vendors, but no novel", () => {
    const Traceparent = `00-${traceId}-${spanId}-01`;
    const state = read({ Traceparent, Tracestate: "rojo=00f067aa0ba902b7,congo=t61rcWkgMzE" })?.traceState;
    expect(state?.get("congo")).toBe("t61rcWkgMzE");
    expect(read({ Traceparent, Tracestate: `a=${"x".repeat(600)}` })?.traceState).toBe(undefined);
  });

  for (const text of [
    "",
    "nonsense",
    `00-${traceId}-${spanId}`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${"0".repeat(32)}-${spanId}-01`,
    `00-${traceId}-${"0".repeat(16)}-01`,
    `ff-${traceId}-${spanId}-01`,
    `00-${traceId}-${spanId}-01-more`,
  ]) {
    test(`§3.2.2: ignores ${JSON.stringify(text)}`, () =>
      expect(read({ Traceparent: text })).toBe(undefined));
  }

  test("nothing to read leaves the context as it was", () => {
    expect(extract({ get: () => undefined }, ROOT_CONTEXT)).toBe(ROOT_CONTEXT);
  });
});

describe("inject", () => {
  test("writes what extract reads", () => {
    const spanContext = { traceId, spanId, traceFlags: 1 };
    expect(inject(spanContext)).toEqual([["Traceparent", `00-${traceId}-${spanId}-01`]]);
    expect(read(Object.fromEntries(inject(spanContext)))).toMatchObject(spanContext);
  });

  test("writes nothing for a span that is none", () => {
    expect(inject({ traceId: "0".repeat(32), spanId: "0".repeat(16), traceFlags: 0 })).toEqual([]);
  });
});
