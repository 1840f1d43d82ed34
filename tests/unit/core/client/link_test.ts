// One connection of a client: answers find their requests, senders take turns, and nothing waits for ever.
import { describe, expect, test } from "#test";
import { FakeClock } from "../../../../adapters/memory.ts";
import { writeFrame } from "../../../../core/client/frame.ts";
import { ClientLink } from "../../../../core/client/link.ts";
import type { Transport } from "../../../../core/node/transport.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { rejection } from "../../../support/nodes.ts";

const uri = MsrpUri.parse("msrps://a.example:1/x;ws");
const ask = { method: "AUTH", toPath: [uri], fromPath: [uri], headers: [] };

class Pipe {
  readonly clock = new FakeClock();
  readonly written: string[] = [];
  readonly requests: string[] = [];
  ended: (Error | undefined)[] = [];
  aborted = 0;
  room = true;
  readonly link: ClientLink;

  constructor() {
    const transport = {
      clock: this.clock,
      framing: "message",
      secure: true,
      remoteAddress: "",
      write: (bytes: Uint8Array) => {
        this.written.push(new TextDecoder().decode(bytes));
        return this.room;
      },
      abort: () => this.aborted++,
      close: () => undefined,
    } as unknown as Transport;
    this.link = new ClientLink(transport, {
      request: ({ word }) => this.requests.push(word),
      ended: (error) => this.ended.push(error),
    });
  }

  answer(index: number, status: string): void {
    const transactionId = this.written[index]?.split(" ")[1] as string;
    this.link.received(
      writeFrame({
        transactionId,
        word: status,
        comment: "Said",
        toPath: [uri],
        fromPath: [uri],
        headers: [["Expires", "9"]],
      }),
    );
  }
}

describe("ClientLink", () => {
  test("RFC 4975 §7.2: an answer is given to the request with its id, once", async () => {
    const pipe = new Pipe();
    const first = pipe.link.ask(ask);
    const second = pipe.link.ask(ask);
    pipe.answer(1, "401");
    pipe.answer(0, "200");
    pipe.answer(0, "200");
    expect(await second).toEqual({ status: 401, comment: "Said", headers: [["Expires", "9"]] });
    expect((await first).status).toBe(200);
  });

  test("RFC 4975 §7.1.1: a request that is not answered within 30 s has failed", async () => {
    const pipe = new Pipe();
    const asked = rejection<Error & { code: string }>(pipe.link.ask(ask));
    await pipe.clock.advance(29_999);
    const later: number[] = [];
    pipe.link.request(ask, (status) => later.push(status));
    await pipe.clock.advance(1);
    expect((await asked).code).toBe("timeout");
    expect(later).toEqual([]);
    await pipe.clock.advance(29_999);
    expect(later).toEqual([408]);
  });

  test("the end of the connection is the end of all requests, and of no timer", async () => {
    const pipe = new Pipe();
    const asked = rejection<Error & { code: string }>(pipe.link.ask(ask));
    pipe.link.ended(new Error("gone"));
    expect((await asked).code).toBe("connection-closed");
    expect((await rejection<Error & { code: string }>(pipe.link.ask(ask))).code).toBe("connection-closed");
    expect([pipe.ended.length, pipe.link.alive, pipe.clock.pending]).toEqual([1, false, 0]);
  });

  test("senders take turns, stop when there is no room, and go on when it drains", () => {
    const pipe = new Pipe();
    const turns: string[] = [];
    const sender = (name: string, chunks: number) => ({
      sendChunk: (link: ClientLink): boolean => {
        turns.push(name);
        link.request(ask);
        return --chunks > 0;
      },
    });
    pipe.room = false;
    pipe.link.wake(sender("a", 2));
    pipe.link.wake(sender("b", 2));
    expect(turns).toEqual(["a"]);
    pipe.room = true;
    pipe.link.drained();
    expect(turns).toEqual(["a", "a", "b", "b"]);
  });

  test("requests go to the owner; what is no frame drops the connection", () => {
    const pipe = new Pipe();
    pipe.link.received(
      writeFrame({ transactionId: "peer0001", word: "SEND", toPath: [uri], fromPath: [uri], headers: [] }),
    );
    expect(pipe.requests).toEqual(["SEND"]);
    pipe.link.received(new TextEncoder().encode("HTTP/1.1 200 OK\r\n\r\n"));
    expect(pipe.aborted).toBe(1);
  });
});
