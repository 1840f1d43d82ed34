// The endpoint that the WebSocket suite talks to, whatever serves it: it takes every session and sends back what it gets.
// It lets in everybody but pages of one origin, and tells in the 101 what a plugin has added.

import { Msrp } from "../../core/node/node.ts";
import { definePlugin } from "../../core/node/plugin.ts";

/** Origin whose pages are refused with 403. */
export const refusedOrigin = "https://evil.test";
/** Header field with the token that gets 401 in the handshake unless it is `good`. */
export const tokenField = "x-token";
/** Longest message that a server of the suite takes. */
export const maxMessageBytes = 131_072;

/** Makes the endpoint. */
export function webSocketEcho(): Msrp {
  const gate = definePlugin({
    name: "gate",
    upgrade: async (c, next) => {
      if (c.headers.get("origin") === refusedOrigin) return c.reject(403, "Not from this page");
      const token = c.headers.get(tokenField);
      if (token === "bad") return c.reject(401, "Who are you?", [["WWW-Authenticate", "Bearer"]]);
      // Undecided for a moment, as with a look-up.
      await Promise.resolve();
      return token === undefined ? next() : c.accept([["X-Welcome", "yes"]]);
    },
  });
  const app = new Msrp({ acceptUnknown: () => true });
  app.use(gate);
  app.onMessage((message, session) => {
    session.send(message.body, { contentType: message.contentType });
  });
  return app;
}
