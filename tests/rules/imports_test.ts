// Who may import whom: the layers of core, the power of a plugin, the independence of adapters.
// Each violation names the file, the import and what to do instead.
import { describe, expect, test } from "#test";
import { read } from "../../scripts/tree.ts";
import { codeOf, importsOf, sourceFiles } from "./_sources.ts";

/** Core's layers: what the files of a folder may import besides their own folder and core/errors.ts. */
const layers: Readonly<Record<string, readonly string[]>> = {
  wire: [],
  sdp: ["wire"],
  connection: ["wire"],
  session: ["wire", "connection"],
  node: ["wire", "connection", "session", "sdp"],
  relay: ["wire", "connection", "session", "node"],
  client: ["wire", "session", "node", "relay"],
  switch: ["wire", "connection", "session", "node"],
};

/** Packages that a folder may import; each reason says whose field it is. */
const packages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "core/sdp": { "sdp-transform": "the line grammar of SDP is not ours; pure" },
  "core/relay": {
    "@noble/hashes": "MD5 and SHA-256 of Digest; WebCrypto has no MD5 and no synchronous hash; pure",
  },
  plugins: {
    zod: "options are checked by a schema, once, in the factory",
    "@opentelemetry/api": "spans and their context",
    "file-type": "signatures of file types",
    jose: "JSON Web Tokens and key sets; pure",
    "fast-xml-parser": "the XML of notifications and typing indications; pure",
  },
  adapters: {
    hono: "the HTTP side of a WebSocket upgrade, and of monitoring",
    "prom-client": "the text format of Prometheus",
    effect: "lifetimes of listeners and connections (adapters/effect.ts)",
    ws: "WebSockets of clients on Node 20, which has none of its own",
    postgres: "archives and credentials in PostgreSQL",
    "node-sqlite3-wasm": "SQLite files where the runtime brings no SQLite (Node 20)",
    zod: "options are checked by a schema, once, in the factory",
  },
  testing: {
    "@peculiar/x509": "certificates for suites that speak TLS",
    "reflect-metadata": "@peculiar/x509 needs it imported first",
  },
  server: {
    commander: "the command line",
    effect: "lifetimes, retries and ordered shutdown",
    hono: "health, metrics and admin over HTTP",
    "@hono/node-server": "serves them",
    zod: "configuration is checked by a schema",
    "@peculiar/x509": "self-signed certificates",
    "reflect-metadata": "@peculiar/x509 needs it imported first",
  },
};

/** Globals that would give core a clock, a runtime or I/O. */
const impure: readonly [RegExp, string][] = [
  [/(?<![.\w])(setTimeout|setInterval|setImmediate|clearTimeout)\b/, "take the time from `now` or the Clock"],
  [/(?<![.\w])(Date\.now|new Date|performance)\b/, "take the time from `now` or the Clock"],
  [/(?<![.\w])queueMicrotask\b/, "defer with Promise.resolve().then"],
  [/(?<![.\w])Math\.random\b/, "use crypto.getRandomValues"],
  [/(?<![.\w])crypto\.(?!getRandomValues\b)/, "only crypto.getRandomValues is pure enough for core"],
  [
    /(?<![.\w])(Buffer|process|console|Bun|Deno)\s*[.(]/,
    "no runtime global in core: use a tap or an adapter",
  ],
  [/(?<![.\w])(fetch|require|globalThis|navigator|WebSocket)\s*[.(]/, "core does no I/O: an adapter does"],
];

describe("who may import whom", () => {
  test("core is layered: wire <- connection <- session <- node <- relay, switch; wire <- sdp <- node", () => {
    const broken: string[] = [];
    for (const file of sourceFiles().filter((path) => path.startsWith("core/"))) {
      if (file === "core/mod.ts") continue;
      const layer = file.split("/").length > 2 ? (file.split("/")[1] ?? "") : "";
      const allowed = layer === "" ? [] : [layer, ...(layers[layer] ?? [])];
      for (const { specifier, path, typeOnly } of importsOf(file)) {
        if (path === undefined) continue;
        // core/errors.ts stands below every layer, yet an error may carry a wire value, such as a range.
        if (layer === "" && typeOnly && path.startsWith("core/wire/")) continue;
        if (path === "core/errors.ts" || allowed.some((name) => path.startsWith(`core/${name}/`))) continue;
        broken.push(
          `${file} imports "${specifier}": core/${layer} may import only core/errors.ts, ${allowed}`,
        );
      }
    }
    expect(broken).toEqual([]);
  });

  test("plugins import only core/mod.ts and private helpers, so that ours have no power others lack", () => {
    const broken: string[] = [];
    for (const file of sourceFiles().filter((path) => path.startsWith("plugins/"))) {
      for (const { specifier, path } of importsOf(file)) {
        if (path === undefined || path === "core/mod.ts" || path.startsWith("plugins/_")) continue;
        if (file === "plugins/mod.ts" && path.startsWith("plugins/")) continue;
        broken.push(
          `${file} imports "${specifier}": export it from core/mod.ts, or share it as plugins/_name.ts`,
        );
      }
    }
    expect(broken).toEqual([]);
  });

  test("adapters import core/mod.ts, core/node/transport.ts and private helpers, never one another", () => {
    const broken: string[] = [];
    for (const file of sourceFiles().filter((path) => path.startsWith("adapters/"))) {
      for (const { specifier, path, typeOnly } of importsOf(file)) {
        if (path === undefined || path === "core/mod.ts" || path.startsWith("adapters/_")) continue;
        if (path === "core/node/transport.ts" && typeOnly) continue;
        broken.push(`${file} imports "${specifier}": use core/mod.ts, or share it as adapters/_name.ts`);
      }
    }
    expect(broken).toEqual([]);
  });

  test("mod.ts is core and plugins, with no adapter and so no runtime", () => {
    const paths = importsOf("mod.ts").map((one) => one.path);
    expect(paths.filter((path) => path !== "core/mod.ts" && path !== "plugins/mod.ts")).toEqual([]);
  });

  test("server and samples import only what is shipped", () => {
    const broken: string[] = [];
    for (const file of sourceFiles().filter((path) => /^(server|samples)\//.test(path))) {
      for (const { specifier, path } of importsOf(file)) {
        if (
          path === undefined ||
          /^(core|plugins|adapters|server|samples)\/|^mod\.ts$|^package\.json$/.test(path)
        ) {
          continue;
        }
        broken.push(
          `${file} imports "${specifier}": move what it needs into core, plugins, adapters or server`,
        );
      }
    }
    expect(broken).toEqual([]);
  });

  test("relative imports end in .ts, because sources run as they are", () => {
    const broken: string[] = [];
    for (const file of sourceFiles()) {
      for (const { specifier, path } of importsOf(file)) {
        if (path === undefined || /\.(ts|json)$/.test(path)) continue;
        broken.push(`${file} imports "${specifier}": write the file's own ending, .ts`);
      }
    }
    expect(broken).toEqual([]);
  });

  test("packages are on the folder's list, with a reason, and among the dependencies", () => {
    const { dependencies, name } = JSON.parse(read("package.json"));
    const broken: string[] = [];
    for (const file of sourceFiles()) {
      const folder = Object.keys(packages).find((prefix) => file.startsWith(`${prefix}/`));
      for (const { specifier, path } of importsOf(file)) {
        if (path !== undefined) continue;
        const core = file.startsWith("core/") || file.startsWith("plugins/") || file === "mod.ts";
        if (specifier.startsWith("node:") || specifier === "bun") {
          if (core)
            broken.push(`${file} imports "${specifier}": core and plugins run anywhere; ask an adapter`);
          continue;
        }
        const packaged = specifier
          .split("/")
          .slice(0, specifier.startsWith("@") ? 2 : 1)
          .join("/");
        if (file.startsWith("samples/") && packaged === name) continue;
        const listed = file.startsWith("samples/") || packages[folder ?? ""]?.[packaged] !== undefined;
        if (!listed)
          broken.push(
            `${file} imports "${specifier}": list it in tests/rules/imports_test.ts with its reason`,
          );
        if (!(packaged in dependencies))
          broken.push(`${file} imports "${specifier}": add it to "dependencies"`);
      }
    }
    expect(broken).toEqual([]);
  });
});

describe("purity", () => {
  test("core has no clock, no I/O and no runtime global", () => {
    const broken: string[] = [];
    for (const file of sourceFiles().filter((path) => path.startsWith("core/"))) {
      const lines = codeOf(file).split("\n");
      for (const [pattern, advice] of impure) {
        const hit = lines.find((line) => pattern.test(line));
        if (hit !== undefined) broken.push(`${file}: "${hit.trim()}": ${advice}`);
      }
    }
    expect(broken).toEqual([]);
  });

  test("the runtime is chosen by subpath: Bun., Deno. and process. only in that runtime's adapter or below server/", () => {
    const broken: string[] = [];
    for (const file of sourceFiles().filter((path) => /^(plugins|adapters)\//.test(path))) {
      for (const name of ["Bun", "Deno"]) {
        const used = new RegExp(`(?<![.\\w])${name}\\.`).test(codeOf(file));
        const own = file.startsWith("adapters/") && file.includes(name.toLowerCase());
        if (used && !own) broken.push(`${file} uses ${name}: only adapters/${name.toLowerCase()}.ts may`);
      }
    }
    expect(broken).toEqual([]);
  });
});
