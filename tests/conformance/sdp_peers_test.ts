// Offers as deployed clients write them (addresses and ids changed), each answered and then spoken to in raw bytes as that
// client would: desktop clients, RCS phones, a chat server of RFC 7701, a peer of plain RFC 4975 without any extension.
import { describe, expect, test } from "#test";
import { MemoryNetwork } from "../../adapters/memory.ts";
import { SessionNegotiator } from "../../core/node/negotiator.ts";
import { Msrp } from "../../core/node/node.ts";
import type { Session } from "../../core/session/session.ts";
import { MsrpUri } from "../../core/wire/uri.ts";
import { answer, Peer, request } from "../../testing/wire.ts";
import { nextText, taken } from "../support/negotiation.ts";

interface Client {
  readonly name: string;
  readonly offer: readonly string[];
  /** Who must connect, by RFC 4975 §8.5 or RFC 6135. */
  readonly we: "active" | "passive";
  /** A type that the client takes, and one that it does not. */
  readonly takes: string;
  readonly refuses: string;
}

const clients: readonly Client[] = [
  {
    name: "RFC 4975 §8 and nothing else: no setup, the offerer connects",
    offer: [
      "v=0",
      "o=alice 2890844526 2890844527 IN IP4 alice.example.com",
      "s= ",
      "c=IN IP4 192.0.2.20",
      "t=0 0",
      "m=message 7654 TCP/MSRP *",
      "a=accept-types:text/plain",
      "a=path:msrp://192.0.2.20:7654/jshA7weztas;tcp",
    ],
    we: "passive",
    takes: "text/plain",
    refuses: "text/html",
  },
  {
    name: "a desktop client: c= of the stream, wildcards, setup:active",
    offer: [
      "v=0",
      "o=- 3467525214 3467525214 IN IP4 192.0.2.20",
      "s=Desktop Client 4.6 (Linux)",
      "t=0 0",
      "m=message 2855 TCP/MSRP *",
      "c=IN IP4 192.0.2.20",
      "a=path:msrp://192.0.2.20:2855/cd4b5d9a0c7ae5b4b3a7;tcp",
      "a=accept-types:message/cpim text/* application/im-iscomposing+xml",
      "a=accept-wrapped-types:text/* application/im-iscomposing+xml",
      "a=setup:active",
    ],
    we: "passive",
    takes: "text/html",
    refuses: "image/png",
  },
  {
    name: "a phone with RCS: a=connection, CPIM only, actpass",
    offer: [
      "v=0",
      "o=- 1188340656180883 1 IN IP4 192.0.2.20",
      "s=-",
      "c=IN IP4 192.0.2.20",
      "t=0 0",
      "m=message 20000 TCP/MSRP *",
      "a=accept-types:message/cpim application/im-iscomposing+xml",
      "a=accept-wrapped-types:text/plain message/imdn+xml application/vnd.gsma.rcspushlocation+xml",
      "a=setup:actpass",
      "a=connection:new",
      "a=path:msrp://192.0.2.20:20000/1391517924073;tcp",
      "a=sendrecv",
    ],
    we: "passive",
    takes: "message/cpim",
    refuses: "text/plain",
  },
  {
    name: "a chat server: passive, chatroom, b= and unknown attributes",
    offer: [
      "v=0",
      "o=chat 2890844526 2890844527 IN IP4 192.0.2.20",
      "s=-",
      "c=IN IP4 192.0.2.20",
      "b=AS:100",
      "t=0 0",
      "a=x-unknown:1",
      "m=message 12763 TCP/MSRP *",
      "i=room",
      "a=chatroom:nickname private-messages",
      "a=accept-types:message/cpim",
      "a=accept-wrapped-types:text/plain text/html *",
      "a=path:msrp://192.0.2.20:12763/kjhd37s2s20w2a;tcp",
      "a=setup:passive",
    ],
    we: "active",
    takes: "message/cpim",
    refuses: "text/html",
  },
];

describe("SDP of deployed clients", () => {
  for (const { name, offer, we, takes, refuses } of clients) {
    test(name, async () => {
      const network = new MemoryNetwork();
      const app = new Msrp();
      network.listen("192.0.2.1", 2855, app.accept);
      const listener = { uri: MsrpUri.parse("msrp://192.0.2.1:2855;tcp") };
      const negotiator = new SessionNegotiator(app, { transportConnect: network.connect }, { listener });
      const path = MsrpUri.parse(/a=path:(\S+)/.exec(offer.join("\n"))?.[1] ?? "");
      const dialled = new Promise<Peer>((resolve) => {
        network.listen(path.host, path.port ?? 0, (transport) => {
          const peer = new Peer(transport);
          resolve(peer);
          return peer;
        });
      });
      const outcome = taken(await negotiator.acceptOffer(`${offer.join("\r\n")}\r\n`));
      const session = outcome.session as Session;
      expect([session.role, outcome.refused]).toEqual([we, []]);
      expect(/^a=setup:(\w+)\r$/m.exec(outcome.answer)?.[1]).toBe(we);
      expect(outcome.answer.match(/^m=/gm)?.length).toBe(1);

      let peer: Peer | undefined;
      if (we === "active") {
        peer = await dialled;
        const binding = await peer.frame();
        expect([binding.what, binding.body, binding.toPath]).toEqual(["SEND", undefined, [path.text]]);
        peer.write(answer(binding));
      } else {
        await network.connect(
          { host: "192.0.2.1", port: 2855, secure: false },
          (transport) => (peer = new Peer(transport)),
        );
        peer?.write(request({ id: "binding01", to: session.local.text, from: path.text }));
        expect((await peer?.frame())?.what).toBe("200");
      }
      await session.ready;

      const client = peer as Peer;
      const fields = { to: session.local.text, from: path.text, type: takes, body: "hello", range: "1-5/5" };
      client.write(request({ id: "message01", ...fields, headers: ["Success-Report: yes"] }));
      expect(await nextText(session)).toBe("hello");
      const back = [await client.frame(), await client.frame()].map(({ what }) => what).sort();
      expect(back).toEqual(["200", "REPORT"]);

      const refused = ((): string | undefined => {
        try {
          session.send("no", { contentType: refuses });
          return undefined;
        } catch (error) {
          return (error as { code: string }).code;
        }
      })();
      expect(refused).toBe("type-not-accepted");
      const sent = session.send("hello yourself", { contentType: takes });
      const frame = await client.frame();
      expect([frame.what, frame.headers["Content-Type"], frame.toPath]).toEqual(["SEND", takes, [path.text]]);
      client.write(answer(frame));
      await sent.accepted;
      await app.close({ drainMs: 0 });
    });
  }
});
