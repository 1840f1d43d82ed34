// The table of docs/1.guide/serverless.md: what works on each host, every "yes" with the test that shows it there.
// `tsx scripts/hosts.ts` writes it; tests/rules/hosts_test.ts compares it with the page and with the tests.
import { writeFileSync } from "node:fs";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { read, root } from "./tree.ts";

/** The page that has the table. */
export const hostsPage = "docs/1.guide/serverless.md";

/** The hosts, in the order of the columns. */
export const hosts = ["Bun", "Deno", "Node", "deno serve", "Workers", "browser"] as const;
/** One of them. */
export type Host = (typeof hosts)[number];

/** A test that shows something on a host. */
export interface HostTest {
  /** The file that runs there. */
  readonly file: string;
  /** The file in which the test stands, when it is a suite that `file` runs. @default `file` */
  readonly suite?: string;
  /** Part of the test's name. */
  readonly name: string;
}

/** What a host can: a test, or why it cannot. */
export type Cell = HostTest | string;

/** One line of the table. */
export interface Row {
  readonly what: string;
  readonly cells: Readonly<Record<Host, Cell>>;
}

const runtimes = ["bun", "deno", "node"] as const;

/** The cells of the three runtimes: one file each that runs the same suite. */
function each(stem: string, suite: string, name: string): Record<"Bun" | "Deno" | "Node", HostTest> {
  const [Bun, Deno, Node] = runtimes.map((runtime) => ({ file: `${stem}_${runtime}_test.ts`, suite, name }));
  return { Bun, Deno, Node } as Record<"Bun" | "Deno" | "Node", HostTest>;
}

/** The cells of the three runtimes: one file that runs on all. */
function all(file: string, name: string): Record<"Bun" | "Deno" | "Node", HostTest> {
  const cell = { file, name };
  return { Bun: cell, Deno: cell, Node: cell };
}

const client = "tests/conformance/web_socket_client_suite.ts";
const framing = "tests/conformance/web_socket_framing.ts";
const bothTypes = "text and binary messages are taken, and answered in binary";
const hibernation = "tests/workers/hibernation_node_test.ts";

/** The table. */
export const rows: readonly Row[] = [
  {
    what: "TCP, listening",
    cells: {
      ...each(
        "tests/adapters/transport",
        "testing/transport_bytes.ts",
        "1,000 simultaneous connections each echo",
      ),
      "deno serve": "no: HTTP only",
      Workers: "no",
      browser: "no",
    },
  },
  {
    what: "TCP, connecting",
    cells: {
      ...each("tests/adapters/transport", "testing/transport_connect.ts", "IPv6: listen and connect on ::1"),
      "deno serve": "as Deno, if the host lets programs",
      Workers: { file: "tests/workers/dial_node_test.ts", name: "connects to a next hop over TCP" },
      browser: "no",
    },
  },
  {
    what: "TLS with certificates of your own",
    cells: {
      ...each(
        "tests/adapters/transport",
        "testing/transport_tls.ts",
        "client certificate required: right one in",
      ),
      "deno serve": "no: the host's",
      Workers: "no: the host's",
      browser: "no: the browser's",
    },
  },
  {
    what: "WebSocket server, own listener",
    cells: {
      ...each("tests/adapters/web_socket", framing, bothTypes),
      "deno serve": "no",
      Workers: "no",
      browser: "no",
    },
  },
  {
    what: "WebSocket server in an HTTP application (Hono)",
    cells: {
      ...each("tests/adapters/hono", framing, bothTypes),
      "deno serve": { file: "tests/unit/samples/deno_serve_deno_test.ts", name: "echoes over a WebSocket" },
      Workers: { file: "tests/workers/web_socket_node_test.ts", suite: framing, name: bothTypes },
      browser: "no",
    },
  },
  {
    what: "WebSocket client",
    cells: {
      ...each("tests/adapters/web_socket_client", client, "two clients chat, and a file goes over whole"),
      "deno serve": {
        file: "tests/adapters/web_socket_client_deno_test.ts",
        suite: client,
        name: "two clients chat",
      },
      Workers: {
        file: "tests/adapters/web_socket_client_workers_node_test.ts",
        name: "a Worker logs in at a relay and talks to an endpoint over TCP",
      },
      browser: { file: "tests/browser/client_test.ts", name: "a file of an input goes over whole" },
    },
  },
  {
    what: "Timers",
    cells: {
      ...all("tests/unit/adapters/_clock_test.ts", "a timer fires after its delay"),
      "deno serve": "as Deno, while the host keeps the program",
      Workers: { file: hibernation, name: "an alarm ends a connection that was quiet for too long" },
      browser: "slow in the background",
    },
  },
  {
    what: "Users in a file or SQLite",
    cells: {
      ...all(
        "tests/unit/server/credentials/sqlite_test.ts",
        "makes a file for its owner only, and keeps what is written",
      ),
      "deno serve": "as Deno, if the host has files",
      Workers: "no: a secret, or your own `Credentials`",
      browser: "no",
    },
  },
  {
    what: "Connections and sessions go on when the program leaves memory",
    cells: {
      Bun: "no",
      Deno: "no",
      Node: "no",
      "deno serve": "no: clients connect again",
      Workers: { file: hibernation, name: "an endpoint goes on with its session, on the same connection" },
      browser: "no",
    },
  },
];

const begin = "<!-- hosts: made by scripts/hosts.ts -->\n";
const end = "<!-- /hosts -->";

/** The table as Markdown. */
export function hostsTable(): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |\n`;
  const name = (host: Host): string => (host === "deno serve" ? "`deno serve`" : host);
  const text = (cell: Cell): string => (typeof cell === "string" ? cell : `[yes](../../${cell.file})`);
  return [
    line(["", ...hosts.map(name)]),
    line(["---", ...hosts.map(() => "---")]),
    ...rows.map(({ what, cells }) => line([what, ...hosts.map((host) => text(cells[host]))])),
  ].join("");
}

/** The page with the table in its place. */
export function withTable(page: string): string {
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`Cannot find the place of the table in ${hostsPage}`);
  return `${page.slice(0, from)}${begin}\n${hostsTable()}\n${page.slice(to)}`;
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(root + hostsPage, withTable(read(hostsPage)));
