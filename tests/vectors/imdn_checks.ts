// Checks of imdn-iscomposing.json: documents, the two state machines of typing, and what is sent about a message.
// Times of the state machines are seconds; everything expected is compared, key by key.
import { RemoteProtocolError } from "../../core/errors.ts";
import { type ComposingState, parseComposing } from "../../plugins/_composing_document.ts";
import { ComposingReceiver, ComposingSender } from "../../plugins/_composing_machines.ts";
import { parseCpim } from "../../plugins/_cpim_parse.ts";
import { parseImdnAggregate } from "../../plugins/_imdn_aggregate.ts";
import {
  decideImdn,
  type ImdnEvent,
  type ImdnPolicy,
  type ImdnRole,
  routeImdn,
} from "../../plugins/_imdn_decide.ts";
import { type ImdnNotification, parseImdn } from "../../plugins/_imdn_document.ts";
import { bytesOf, difference } from "./helpers.ts";
import type { Checks, Vector } from "./registry.ts";

type Json = Readonly<Record<string, unknown>>;

/** The checks of imdn-iscomposing.json. */
export const checks: Checks = {
  "imdn-iscomposing:iscomposing": (vector) =>
    document(vector, () => {
      const { lastActive, contentType, ...rest } = parseComposing(bytesOf(String(vector["input"])));
      return { ...rest, lastactive: lastActive, contenttype: contentType };
    }),
  "imdn-iscomposing:imdn": (vector) =>
    document(vector, () => ({ ...parseImdn(bytesOf(String(vector["input"]))) })),
  "imdn-iscomposing:iscomposing-sender": (vector) => {
    const { idleTimeout, refresh } = vector["params"] as { idleTimeout: number; refresh?: number | null };
    const sender = new ComposingSender({ idleMs: idleTimeout, refreshMs: refresh ?? undefined, gapMs: 0 });
    const output: [number, ComposingState][] = [];
    const note = (time: number, state: ComposingState | undefined): void => {
      if (state !== undefined) output.push([time, state]);
    };
    for (const [time, event] of vector["events"] as [number, string][]) {
      for (let due = sender.deadline; due <= time; due = sender.deadline) note(due, sender.wake(due));
      if (event === "key") note(time, sender.edited(time));
      if (event === "send") sender.sent();
    }
    return same(vector["output"], output);
  },
  "imdn-iscomposing:iscomposing-receiver": (vector) => {
    const receiver = new ComposingReceiver(120_000, Number.POSITIVE_INFINITY);
    const output: [number, ComposingState][] = [];
    const note = (time: number, changed: boolean): void => {
      if (changed) output.push([time / 1000, receiver.state]);
    };
    for (const [seconds, event, refresh] of vector["events"] as [number, string, number?][]) {
      const now = seconds * 1000;
      for (let due = receiver.deadline; due <= now; due = receiver.deadline) note(due, receiver.wake(due));
      if (event === "content") note(now, receiver.content());
      else if (event !== "end") {
        // Every word but "active" is idle (RFC 3994 §3.5).
        note(now, receiver.status(event === "active" ? "active" : "idle", refresh ?? undefined, now));
      }
    }
    return same(vector["output"], output);
  },
  "imdn-iscomposing:imdn-decide": (vector) => {
    const draft = decideImdn(parseCpim(bytesOf(String(vector["cpim"]))).head, vector["event"] as ImdnEvent, {
      role: vector["role"] as ImdnRole,
      policy: policyOf((vector["policy"] ?? {}) as Json),
      anonymous: Object.entries((vector["policy"] ?? {}) as Json).some(
        ([key, on]) => /anon/i.test(key) && on === true,
      ),
    });
    const expected = vector["output"] as Json | null;
    if (expected === null || draft === undefined) return same(expected, draft ?? null);
    return difference(expected, nulls({ ...draft }));
  },
  "imdn-iscomposing:imdn-route": (vector) => {
    const routes = vector["routes"] as string[];
    return difference(vector["output"] as Json, {
      ...routeImdn(String(vector["own"]), routes, String(vector["to"])),
    });
  },
  "imdn-iscomposing:imdn-aggregate": (vector) => {
    const type = `multipart/mixed; boundary="${String(vector["boundary"])}"`;
    const read = parseImdnAggregate(type, bytesOf(String(vector["input"])));
    const expected = vector["output"] as Json[];
    if (read.length !== expected.length) return `${read.length} notifications`;
    return expected
      .map((one, index) => difference(one, nulls({ ...(read[index] as ImdnNotification) })))
      .find((reason) => reason !== undefined);
  },
};

function document(vector: Vector, read: () => Json): string | undefined {
  const result = String(vector["result"]);
  try {
    const fields = nulls(read());
    return result === "ok" ? difference(vector.expect, fields) : `read, though it should fail with ${result}`;
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    return same(result, error.code);
  }
}

function policyOf(policy: Json): ImdnPolicy {
  if (policy["forbid"] === true) return "forbid";
  const denied = Object.entries(policy).some(([key, on]) => on === true && !/anon/i.test(key));
  return denied ? "silent" : "send";
}

function nulls(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value ?? null]));
}

function same(expected: unknown, got: unknown): string | undefined {
  const [want, have] = [JSON.stringify(expected), JSON.stringify(got)];
  return want === have ? undefined : `expected ${want}, got ${have}`;
}
