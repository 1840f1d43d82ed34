// Options that are wrong: every plugin says so when it is made, names itself and the option, and never waits for traffic.
import { describe, expect, test } from "#test";
import {
  auth,
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
} from "../../../plugins/mod.ts";

const rate = { messages: { perSecond: 1 } };
const wrong: readonly (readonly [make: (options: never) => unknown, options: unknown, says: string])[] = [
  [auth, { certificate: true, requird: true }, "requird"],
  [auth, { bearer: { key: new Uint8Array(3) } }, "bearer.key"],
  [auth, { bearer: { key: new Uint8Array(32), algorithms: ["none"] } }, "bearer.algorithms"],
  [auth, { bearer: {} }, "bearer"],
  [auth, { cookie: { name: "a b;", verify: () => undefined } }, "cookie.name"],
  [auth, { certificate: true, lockOut: { usrFailures: 1 } }, "usrFailures"],
  [contentFilter, { allow: ["text/"] }, "allow"],
  [contentFilter, { text: { rules: [{ name: "cards", pattern: "(" }] } }, "pattern of cards"],
  [contentFilter, { statuses: { type: 200 } }, "statuses.type"],
  [rateLimit, { perSession: { messages: { perSecond: 0 } } }, "perSession.messages.perSecond"],
  [rateLimit, { perSession: rate, status: 999 }, "status"],
  [rateLimit, { perSession: rate, comment: "a\r\nb" }, "comment"],
  [cpim, { from: "alice" }, "from"],
  [cpim, { from: "sip:alice@example.org\r\nX: y" }, "from"],
  [imdn, { from: { uri: "alice" } }, "from"],
  [imdn, { request: ["read"] }, "request"],
  [isComposing, { refreshMs: 1_000 }, "refreshMs"],
  [logger, {}, "write"],
  [metrics, { contentTypes: ["nonsense"] }, "contentTypes"],
  [reassembly, { maxMessageBytes: -1 }, "maxMessageBytes"],
  [reports, { per: "day" }, "per"],
  [spans, { tracer: {} }, "tracer"],
  [trace, {}, "open"],
];

describe("a plugin with a wrong option", () => {
  for (const [make, options, says] of wrong) {
    test(`${make.name}: a TypeError about ${says}`, () => {
      const made = (): unknown => make(options as never);
      expect(made).toThrow(TypeError);
      expect(made).toThrow(says);
      expect(made).toThrow("Cannot make plugin");
    });
  }
});
