/**
 * `msrpkit/monitoring`: publishes the numbers of `metrics()` in the text format of Prometheus, and whether a node is well,
 * through Hono. The application can be mounted into another one, or served as it is by any runtime.
 */
import { Hono } from "hono";

/** A metric, as `metrics().collect()` gives it. */
export interface PublishedMetric {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly samples: readonly {
    readonly name?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

/** What is published. */
export interface MonitoringOptions {
  /** Usually `metrics()`; several are shown one after the other. */
  readonly metrics: { collect(): readonly PublishedMetric[] };
  /** What `/health` answers beside `status`; with `ok: false` it answers 503. @default nothing */
  readonly health?: () => { readonly ok: boolean; readonly [field: string]: string | number | boolean };
}

/** The content type of the text format. */
export const expositionType = "text/plain; version=0.0.4; charset=utf-8";

/**
 * An application with `GET /metrics` for Prometheus and `GET /health` for whatever restarts containers.
 *
 * ```ts
 * const http = monitoringApp({ metrics: numbers });
 * Deno.serve({ port: 9855 }, http.fetch); // or Bun.serve, or serve() of @hono/node-server
 * ```
 */
export function monitoringApp(options: MonitoringOptions): Hono {
  const app = new Hono();
  app.get("/metrics", async (c) => {
    const text = await exposition(options.metrics.collect());
    return c.body(text, 200, { "content-type": expositionType });
  });
  app.get("/health", (c) => {
    const { ok = true, ...more } = options.health?.() ?? {};
    return c.json({ status: ok ? "ok" : "unavailable", ...more }, ok ? 200 : 503);
  });
  return app;
}

/** Metrics in the text format of Prometheus. */
export async function exposition(metrics: readonly PublishedMetric[]): Promise<string> {
  // Loaded when somebody first asks: it costs more than everything else of a small program.
  const { Registry } = await import("prom-client");
  const registry = new Registry();
  for (const { name, help, type, samples } of metrics) {
    const values = samples.map(({ name: metricName, labels, value }) => ({
      labels,
      value,
      ...(metricName === undefined ? {} : { metricName }),
    }));
    const metric = { name, get: () => Promise.resolve({ name, help, type, values, aggregator: "sum" }) };
    // The registry writes whatever gives its values so; the classes of the library would count a second time.
    registry.registerMetric(metric as unknown as Parameters<typeof registry.registerMetric>[0]);
  }
  return await registry.metrics();
}
