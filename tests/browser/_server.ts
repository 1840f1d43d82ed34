// `msrpkit start` as a child process, which a test may end and start again at the same port. It has its certificate in a
// folder of its own, and its other ports are any free ones.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ownRuntime, start } from "../support/command.ts";

/** A running server. */
export interface ChildServer {
  /** `http://localhost:PORT`. */
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts one. @param port of the page, 0 = any */
export async function startServer(port = 0): Promise<ChildServer> {
  const folder = mkdtempSync(join(tmpdir(), "msrpkit-browser-"));
  const places = ["--listen", "msrp://127.0.0.1:0;tcp", "--relay-listen", "msrps://127.0.0.1:0;tcp"];
  const command = start(ownRuntime, ["start", "--json", "--http", `${port}`, "--folder", folder, ...places]);
  // The echo, the relay, and then the page.
  const { url } = await command.event("listening", 3);
  return {
    origin: String(url).replace(/\/$/, ""),
    async close() {
      await command.stop();
      rmSync(folder, { recursive: true });
    },
  };
}
