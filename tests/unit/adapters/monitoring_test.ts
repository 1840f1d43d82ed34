// The HTTP side of metrics: the text format of Prometheus, line by line, and health.
// Requests go to the Hono application as a runtime gives them to it, without a socket.
import { describe, expect, test } from "#test";
import { exposition, expositionType, monitoringApp } from "../../../adapters/monitoring.ts";
import { metrics } from "../../../plugins/metrics.ts";
import { nodePair } from "../plugins/_pair.ts";

describe("monitoringApp", () => {
  test("GET /metrics is what Prometheus reads", async () => {
    const numbers = metrics();
    const pair = nodePair([numbers]);
    pair.receiver.onMessage(() => undefined);
    const session = await pair.connect();
    await session.send("hello").accepted;
    const app = monitoringApp({ metrics: numbers });
    const response = await app.request("/metrics");
    expect([response.status, response.headers.get("content-type")]).toEqual([200, expositionType]);
    const text = await response.text();
    const lines = text.split("\n");
    expect(lines).toContain("# TYPE msrp_sessions gauge");
    expect(lines).toContain("msrp_sessions 1");
    expect(lines).toContain('msrp_messages_total{direction="received",type="text/plain"} 1');
    expect(lines).toContain('msrp_message_bytes_bucket{le="256"} 1');
    expect(lines).toContain("msrp_message_bytes_count 1");
    expect(lines).toContain("# TYPE msrp_message_bytes histogram");
    const sample = /^[a-z_]+(\{([a-z]+="[^"]*",?)+\})? -?[0-9.e+]+$/;
    expect(lines.filter((line) => line !== "" && !line.startsWith("#") && !sample.test(line))).toEqual([]);
    await session.send("again").accepted;
    expect(await (await app.request("/metrics")).text()).toContain("msrp_message_bytes_count 2");
    await pair.close();
  });

  test("GET /health says whether the node is well", async () => {
    let ok = true;
    const app = monitoringApp({ metrics: metrics(), health: () => ({ ok, sessions: 3 }) });
    const well = await app.request("/health");
    expect([well.status, await well.json()]).toEqual([200, { status: "ok", sessions: 3 }]);
    ok = false;
    const ill = await app.request("/health");
    expect([ill.status, await ill.json()]).toEqual([503, { status: "unavailable", sessions: 3 }]);
    const plain = await monitoringApp({ metrics: metrics() }).request("/health");
    expect([plain.status, await plain.json()]).toEqual([200, { status: "ok" }]);
    expect((await app.request("/other")).status).toBe(404);
  });

  test("labels cannot break out of their quotes", async () => {
    const text = await exposition([
      {
        name: "m_total",
        help: "two\nlines",
        type: "counter",
        samples: [{ labels: { plugin: 'a"} 7\nb' }, value: 1 }],
      },
    ]);
    expect(text.trim().split("\n")).toEqual([
      "# HELP m_total two\\nlines",
      "# TYPE m_total counter",
      'm_total{plugin="a\\"} 7\\nb"} 1',
    ]);
  });
});
