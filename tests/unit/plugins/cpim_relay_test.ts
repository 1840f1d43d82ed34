// cpim(), imdn() and isComposing() in a relay: chunks pass octet for octet, nothing is answered or sent by the plugins, and
// with `check: "chunk"` what has no readable head is refused there.
import { describe, expect, test } from "#test";
import { buildCpim, cpim, imdn, isComposing, parseCpim } from "../../../plugins/mod.ts";
import { RelayBench } from "../../support/relay_bench.ts";

const asks = buildCpim(
  {
    from: "sip:a@b.example",
    to: "sip:c@d.example",
    dateTime: "2024-05-01T10:00:00Z",
    headers: [
      { namespace: "urn:ietf:params:imdn", name: "Message-ID", value: "id1" },
      {
        namespace: "urn:ietf:params:imdn",
        name: "Disposition-Notification",
        value: "positive-delivery, display",
      },
    ],
    contentType: "text/plain",
  },
  "hello",
);
const text = (octets: Uint8Array | undefined): string => new TextDecoder().decode(octets);

describe("in a relay", () => {
  test("RFC 3862 §6: what passes is not changed, and no notification is sent for the endpoints [DN-MID-11]", async () => {
    const bench = new RelayBench(
      {},
      cpim({ wrap: "always", unwrap: true, check: "chunk" }),
      imdn({ request: ["display"], anonymous: true, role: "intermediary" }),
      isComposing(),
    );
    const alice = await bench.peer();
    const way = `${await bench.login(alice, "alice")} ${alice.uri}`;
    const peer = await bench.peer();
    const status =
      '<isComposing xmlns="urn:ietf:params:xml:ns:im-iscomposing"><state>active</state></isComposing>';
    for (const [body, type] of [
      [text(asks), "message/cpim"],
      ["bare", "text/plain"],
      [status, "application/im-iscomposing+xml"],
    ] as const) {
      peer.send(way, { body, type, range: `1-${body.length}/${body.length}` });
      expect(await peer.heard()).toEqual(["200"]);
      const [frame, ...others] = await alice.take();
      expect([text(frame?.body), frame?.headers["Content-Type"], others]).toEqual([body, type, []]);
    }
    expect(parseCpim(asks, { mode: "msrp" }).head.warnings).toEqual([]);
    expect([bench.errors, await peer.heard(), await alice.heard()]).toEqual([[], [], []]);
    await bench.close();
  });

  test('check: "chunk" refuses a message with its first chunk; what it cannot see yet it lets pass', async () => {
    const bench = new RelayBench({}, cpim({ check: "chunk", mode: "msrp" }));
    const alice = await bench.peer();
    const way = `${await bench.login(alice, "alice")} ${alice.uri}`;
    const peer = await bench.peer();
    const type = "message/cpim";
    const broken = "From: nobody\r\n\r\nContent-Type: text/plain\r\n\r\nx";
    peer.send(way, { body: broken, type, range: `1-${broken.length}/${broken.length}` });
    expect([await peer.heard(), await alice.heard()]).toEqual([["400"], []]);
    const whole = text(asks);
    const cut = 40;
    const id = { type, messageId: "cut1" };
    peer.send(way, { ...id, body: whole.slice(0, cut), range: `1-${cut}/${whole.length}`, flag: "+" });
    peer.send(way, { ...id, body: whole.slice(cut), range: `${cut + 1}-${whole.length}/${whole.length}` });
    expect([await peer.heard(), await alice.heard()]).toEqual([
      ["200", "200"],
      ["SEND", "SEND"],
    ]);
    expect(bench.errors).toEqual([]);
    await bench.close();
  });
});
