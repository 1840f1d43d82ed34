// Two terminals hold a chat by pasting each other's SDP: `msrpkit offer` on this runtime, `msrpkit answer` on each other.
// What a person would copy and paste, the test takes from one process's output and types into the other.
import { describe, expect, test } from "#test";
import { installed, ownRuntime, type RunningCommand, start } from "../support/command.ts";

/** Types a pasted description and the empty line behind it. */
function paste(command: RunningCommand, sdp: unknown): void {
  command.write(`${String(sdp).replace(/\r\n/g, "\n")}\n`);
}

describe("a chat between two terminals", () => {
  for (const other of installed) {
    for (const tls of [false, true]) {
      test(`RFC 4975 §8: offer on ${ownRuntime}, answer on ${other}, ${tls ? "TLS with fingerprints" : "TCP"}`, async () => {
        const common = ["--host", "127.0.0.1", "--json"];
        const offerer = start(ownRuntime, ["offer", ...common, ...(tls ? ["--tls"] : [])]);
        const answerer = start(other, ["answer", ...common]);
        const offer = await offerer.event("offer");
        expect(/^m=message \d+ TCP\/(TLS\/)?MSRP \*\r$/m.exec(String(offer["sdp"]))?.[1]).toBe(
          tls ? "TLS/" : undefined,
        );
        paste(answerer, offer["sdp"]);
        const answer = await answerer.event("answer");
        paste(offerer, answer["sdp"]);
        await Promise.all([offerer.event("connected"), answerer.event("connected")]);
        offerer.write("Hello there\n");
        expect((await answerer.event("message"))["text"]).toBe("Hello there");
        answerer.write("Grüße\nzwei\n");
        expect((await offerer.event("message"))["text"]).toBe("Grüße");
        expect((await offerer.event("message", 2))["text"]).toBe("zwei");
        offerer.endInput();
        const ended = await offerer.ended;
        expect([ended.code, ended.stderr]).toEqual([0, ""]);
        expect((await answerer.stop()).stderr).toBe("");
      }, 60_000);
    }
  }

  test("RFC 4975 §8.6: an offer without a common type is refused in one sentence", async () => {
    const answerer = start(ownRuntime, ["answer", "--host", "127.0.0.1"]);
    const lines = [
      "v=0",
      "o=- 1 1 IN IP4 192.0.2.1",
      "s=-",
      "c=IN IP4 192.0.2.1",
      "t=0 0",
      "m=message 2855 TCP/MSRP *",
      "a=accept-types:image/x-none",
      "a=path:msrp://192.0.2.1:2855/abcdefgh;tcp",
    ];
    paste(answerer, `${lines.join("\n")}\n`);
    const ended = await answerer.ended;
    expect([ended.code, ended.stdout, ended.stderr.split("\n").at(-2)]).toEqual([
      1,
      "",
      "msrpkit: Cannot use this offer: no-common-type (SIP would say 488)",
    ]);
  });

  test("input that ends before the answer is an error of use", async () => {
    const offerer = start(ownRuntime, ["offer", "--host", "127.0.0.1"]);
    await offerer.waitFor(/a=path:/);
    offerer.endInput();
    const ended = await offerer.ended;
    expect([ended.code, ended.stderr.includes("No answer: the input ended")]).toEqual([2, true]);
  });
});
