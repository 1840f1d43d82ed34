// Checks vectors of URIs: what they are made of, and which are equal by RFC 4975 §6.1.
// Equality and the canonical key must agree, in both directions.
import { MsrpError } from "../../core/errors.ts";
import { MsrpUri } from "../../core/wire/mod.ts";
import { difference } from "./helpers.ts";
import type { Checks } from "./registry.ts";

export const checks: Checks = {
  "uri-compare": (vector) => {
    const a = MsrpUri.parse(vector["a"] as string);
    const b = MsrpUri.parse(vector["b"] as string);
    if (!a.equals(a) || !b.equals(b)) return "a URI does not equal itself";
    if (a.equals(b) !== b.equals(a)) return "equality depends on the order";
    if (a.equals(b) !== (a.key === b.key)) return "equality and key disagree";
    return difference(vector.expect, { equal: a.equals(b) });
  },
  "uri-parse": (vector) => {
    const text = vector["uri"] as string;
    const parts = read(text);
    const params = vector.expect["params"];
    const expected = params === undefined ? vector.expect : { ...vector.expect, params: pairs(params) };
    return difference(expected, parts);
  },
};

function read(text: string): Record<string, unknown> {
  try {
    const uri = MsrpUri.parse(text);
    if (uri.text !== text || String(uri) !== text) return { text: uri.text };
    return {
      ok: true,
      scheme: uri.scheme,
      user: uri.user ?? null,
      host: uri.host.includes(":") && !uri.host.startsWith("[") ? `[${uri.host}]` : uri.host,
      port: uri.port ?? null,
      sessionId: uri.sessionId ?? null,
      transport: uri.transport,
      params: pairs(uri.params),
    };
  } catch (error) {
    if (error instanceof MsrpError) return { ok: false, error: error.code };
    throw error;
  }
}

/** Parameters in one form, however they are noted: "a=b", ["a", "b"], {name, value} or a map. */
function pairs(params: unknown): unknown[] {
  const list = Array.isArray(params) ? params : Object.entries(params as Record<string, unknown>);
  return list.map((item: unknown): [unknown, unknown] => {
    if (typeof item === "string") {
      const [name, ...value] = item.split("=");
      return [name, value.length > 0 ? value.join("=") : null];
    }
    if (Array.isArray(item)) return [item[0], item[1] ?? null];
    const { name, value } = item as { name: unknown; value?: unknown };
    return [name, value ?? null];
  });
}
