// `msrpkit echo` as its peers reach it: which URIs are below its authority, also through a forwarded port.
// The forwarding is a real one: a server that carries octets to the port of the command.
import { connect, createServer, type Server } from "node:net";
import { describe, expect, test } from "#test";
import { ownRuntime, run, start } from "../support/command.ts";

/** Carries what comes in at any free port to another port of this machine. */
async function forwardTo(port: number): Promise<{ server: Server; port: number }> {
  const server = createServer((outside) => {
    const inside = connect(port, "127.0.0.1");
    for (const socket of [outside, inside]) socket.on("error", () => socket.destroy());
    outside.pipe(inside).pipe(outside);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { server, port: (server.address() as { port: number }).port };
}

describe("msrpkit echo", () => {
  const cases: readonly (readonly [listen: string, answers: number, why: string])[] = [
    ["0.0.0.0", 0, "on every address answers at the port of a port forwarding"],
    ["127.0.0.1", 3, "on one address answers 481 to the URI of another port [4975-5.4-13]"],
  ];
  for (const [listen, answers, why] of cases) {
    test(`RFC 4975 §5.4: an endpoint ${why}`, async () => {
      const echo = start(ownRuntime, ["echo", "--listen", `msrp://${listen}:0;tcp`, "--json"]);
      const uri = String((await echo.event("listening"))["uri"]);
      const { server, port } = await forwardTo(Number(/:(\d+)/.exec(uri)?.[1]));
      const sent = await run(ownRuntime, ["send", "--to", `msrp://127.0.0.1:${port}/x;tcp`, "--echo", "hi"]);
      expect([sent.code, sent.stderr.includes("481")]).toEqual([answers, answers !== 0]);
      await echo.stop();
      await new Promise((resolve) => server.close(resolve));
    });
  }
});
