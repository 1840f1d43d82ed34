// The plugins that keep things out, by the suite that every plugin has to pass: in an endpoint, in an echo and in a relay.
// Their own tests have what each of them decides.
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { auth, type ContentScanner, contentFilter, type MaybePromise, rateLimit } from "../../mod.ts";
import { testPlugin } from "../../testing/mod.ts";

const framework = { afterAll, beforeAll, describe, expect, test };
const much = { perSecond: 1e9 };
const text = { contentType: "text/plain" };
const png = { contentType: "image/png" };
const utf8 = (content: string): Uint8Array => new TextEncoder().encode(content);

/** Finds the word "virus" in what it is given, now or later. */
const scanner = (finish: <T>(value: T) => MaybePromise<T>): ContentScanner => ({
  open: () => {
    let seen = "";
    return {
      write: (bytes) => {
        seen += new TextDecoder("latin1").decode(bytes);
      },
      finish: async () => finish({ infected: seen.includes("virus") }),
      abort: () => undefined,
    };
  },
});

testPlugin(() => auth({ certificate: true }), framework);

testPlugin(
  () =>
    rateLimit({
      perSession: { messages: much, bytes: much },
      perAddress: { messages: much, sessions: much },
    }),
  framework,
);

testPlugin(
  () => contentFilter({ allow: ["text/*", "application/octet-stream"], maxBytes: { "text/*": 1000 } }),
  framework,
  {
    refuses: [
      { name: "a picture", body: utf8("x"), options: png, status: 415 },
      { name: "a long text", body: utf8("x".repeat(1001)), options: text, status: 413 },
    ],
  },
);

testPlugin(
  () => contentFilter({ text: { rules: [{ words: ["secret"] }] }, checkDeclared: true }),
  framework,
  {
    refuses: [
      { name: "a word", body: utf8("a secret"), options: text, status: 403 },
      {
        name: "a word on a border",
        body: utf8(`${"x ".repeat(1022)} secret ${"y ".repeat(1000)}`),
        options: { ...text, chunkBytes: 2048 },
        status: 403,
      },
      { name: "no picture", body: utf8("no picture"), options: png, status: 415 },
    ],
  },
);

testPlugin(() => contentFilter({ virus: { scanner: scanner((value) => value) } }), framework, {
  refuses: [
    { name: "a virus", body: utf8("a virus"), options: text, status: 403 },
    {
      name: "a virus in many chunks",
      body: utf8(`${"x".repeat(10_000)}virus`),
      options: { ...text, chunkBytes: 2048 },
      status: 403,
    },
  ],
});
