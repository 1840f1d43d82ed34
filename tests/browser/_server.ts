// Starts the web chat's server as a child process, which a test may end and start again.
// It runs on the runtime of the test.
import { spawn } from "node:child_process";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const main = fileURLToPath(new URL("../support/web_chat_main.ts", import.meta.url));

/** A running server. */
export interface ChildServer {
  readonly origin: string;
  close(): Promise<void>;
}

/** Starts one. @param port 0 = any */
export async function startServer(port = 0): Promise<ChildServer> {
  const child = spawn(process.execPath, ["--import", "tsx", main, String(port)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
  });
  const lines = createInterface({ input: child.stdout });
  const origin = await new Promise<string>((resolve, reject) => {
    lines.once("line", resolve);
    void ended.then(() => reject(new Error("The server has ended before it listened")));
  });
  return {
    origin,
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}
