// Every plugin by the suite that each has to pass: in an endpoint, in an echo and in a relay. A plugin that is not here fails
// the last test; what each of them decides is in its own tests.
import { afterAll, beforeAll, describe, expect, test } from "#test";
import {
  archive,
  auth,
  type ContentScanner,
  compose,
  contentFilter,
  cpim,
  imdn,
  isComposing,
  logger,
  type MaybePromise,
  memoryArchive,
  metrics,
  type Plugin,
  rateLimit,
  reassembly,
  reports,
  spans,
  trace,
  webhook,
} from "../../mod.ts";
import * as all from "../../plugins/mod.ts";
import { filesBelow } from "../../scripts/tree.ts";
import { testPlugin } from "../../testing/mod.ts";

const pluginFiles = new Set(
  filesBelow("plugins").flatMap((path) => /^plugins\/([a-z]\w*)\.ts$/.exec(path)?.[1] ?? []),
);
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

const quiet = { write: () => undefined };
const nowhere = { pcap: { write: () => undefined, close: () => undefined } };

testPlugin(() => reassembly(), framework);
testPlugin(() => reports({ per: "chunk" }), framework);
testPlugin(() => logger({ ...quiet, level: "debug" }), framework);
testPlugin(() => metrics(), framework);
testPlugin(() => spans(), framework);
testPlugin(() => trace({ open: () => nowhere as never }), framework);
testPlugin(() => cpim(), framework);
testPlugin(() => imdn(), framework);
testPlugin(() => isComposing(), framework);
testPlugin(() => archive({ store: memoryArchive() }), framework);
testPlugin(
  () =>
    webhook({
      url: "https://hooks.example/events",
      policy: { url: "https://hooks.example/policy" },
      fetch: async () => new Response('{"verdict":"accept"}'),
    }),
  framework,
);

/** What a service would install, as one plugin. */
const usual = (): Plugin =>
  compose(
    auth({ certificate: true }),
    reports(),
    reassembly(),
    contentFilter({ deny: ["image/*"] }),
    rateLimit({ perSession: { messages: much } }),
    metrics(),
  );

testPlugin(usual, framework, {
  refuses: [{ name: "a picture", body: utf8("x"), options: png, status: 415 }],
});

describe("the matrix", () => {
  test("has every plugin of the toolkit", () => {
    const here = new Set(
      [archive, auth, contentFilter, cpim, imdn, isComposing, logger, metrics, rateLimit, reassembly, reports]
        .map((factory) => factory.name)
        .concat(spans.name, trace.name, webhook.name),
    );
    const factories = Object.entries(all).flatMap(([name, value]) =>
      typeof value === "function" && isFactory(name) ? [name] : [],
    );
    expect(factories.filter((name) => !here.has(name))).toEqual([]);
  });
});

/** Factories of plugins are named after their files. */
function isFactory(name: string): boolean {
  return pluginFiles.has(name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}
