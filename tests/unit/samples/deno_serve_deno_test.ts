// The sample under `deno serve`, as a reader starts it. Run by Deno only, which the name of this file says.
import { type ChildProcess, spawn } from "node:child_process";
import { execPath } from "node:process";
import { afterAll, beforeAll, describe, expect, test } from "#test";
import { root } from "../../../scripts/tree.ts";
import { freePort, untilListening } from "../../harness/poll.ts";
import { sendText, WebSocketPeer } from "../../support/web_socket_peer.ts";

describe("deno serve", () => {
  let child: ChildProcess;
  let port = 0;

  beforeAll(async () => {
    port = await freePort();
    const options = ["-A", "--no-check", "--node-modules-dir=manual", "--host=127.0.0.1", `--port=${port}`];
    child = spawn(execPath, ["serve", ...options, "samples/deno_serve.ts"], { cwd: root, stdio: "ignore" });
    await untilListening(port);
  });
  afterAll(() => void child.kill("SIGTERM"));

  test("the sample answers HTTP, and echoes over a WebSocket", async () => {
    expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe(
      "MSRP over WebSockets is at /msrp\n",
    );
    const peer = await WebSocketPeer.open(`ws://127.0.0.1:${port}/msrp`);
    peer.send(sendText("hello"));
    expect(await peer.message()).toMatch(/^MSRP \S+ 200 OK\r\n/);
    // It streams: the end of a message comes when it is known.
    for (let body = "", flag = ""; flag !== "$"; expect("hello").toContain(body)) {
      const message = await peer.message();
      const [, piece = "", sign = ""] =
        /^MSRP \S+ SEND\r\n[\s\S]*\r\n\r\n([\s\S]*)\r\n-------\S+([$+])\r\n$/.exec(message) ?? [];
      expect(sign).not.toBe("");
      body += piece;
      flag = sign;
      if (flag === "$") expect(body).toBe("hello");
    }
    peer.destroy();
  });
});
