// Calls of clamd are counted: a connection that ends makes room for the next call, whatever it ended with.
// clamd_test.ts has what goes over them.
import { createServer } from "node:net";
import { expect, test } from "#test";
import { ClamdLink } from "../../../adapters/_clamd_link.ts";

test("each call is one connection, and those that are over are not counted", async () => {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.once("data", (bytes) => socket.end(`${bytes.toString().slice(1, -1).toLowerCase()}\0rest`));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  const link = new ClamdLink({ host: "127.0.0.1", port, maxConnections: 2 });
  const calls = ["ONE", "TWO", "THREE", "FOUR"].map((command) => link.call(command));
  expect(link.connections).toBe(2);
  calls[3]?.end();
  expect(await Promise.all(calls.slice(0, 3).map(({ reply }) => reply))).toEqual(["one", "two", "three"]);
  await expect(calls[3]?.reply).rejects.toThrow("aborted");
  expect(link.connections).toBe(0);
  server.close();
});
