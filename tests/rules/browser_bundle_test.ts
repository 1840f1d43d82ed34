// The client for web pages stays small: what a page downloads of `msrpkit/websocket` has a bound, and drags in nothing
// that a page has no use for.
import { root } from "../../scripts/tree.ts";
import { bundleTests } from "./_bundle.ts";

await bundleTests("the bundle of msrpkit/websocket", {
  from: { stdin: { contents: 'export * from "./adapters/websocket.ts";', resolveDir: root } },
  minBytes: 10_000,
  // What a slow telephone loads within a second, beside the page itself.
  maxGzipBytes: 25_600,
  // The stub that `ws` has for browsers, which never ask for it.
  besides: ["node_modules/ws/browser.js"],
});
