// A connection for requests of no session: answers, endings, and the sessions that are led over it.
import { describe, expect, test } from "#test";
import { FakeClock, MemoryNetwork, settle } from "../../../../adapters/memory.ts";
import type { MsrpError } from "../../../../core/errors.ts";
import type { ControlLink } from "../../../../core/node/control_link.ts";
import { Msrp } from "../../../../core/node/node.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { Peer } from "../../../../testing/wire.ts";
import { rejection } from "../../../support/nodes.ts";

const to = MsrpUri.parse("msrp://relay.example:2855;tcp");
const local = MsrpUri.parse("msrp://alice.example:9/alice;tcp");

async function linked(): Promise<{
  app: Msrp;
  link: ControlLink;
  peers: Peer[];
  clock: FakeClock;
  network: MemoryNetwork;
}> {
  const clock = new FakeClock();
  const network = new MemoryNetwork({ clock });
  const peers: Peer[] = [];
  network.listen("relay.example", 2855, (transport) => {
    const peer = new Peer(transport);
    peers.push(peer);
    return peer;
  });
  const app = new Msrp();
  const link = await app.link({ to, idleCloseMs: 60_000 }, network.connect);
  return { app, link, peers, clock, network };
}

const auth = { method: "AUTH", toPath: [to], fromPath: [local] };

describe("a link", () => {
  test("gives the answer to a request, whatever its status, with its fields", async () => {
    const { link, peers } = await linked();
    const asked = link.request(auth);
    const frame = await peers[0]!.frame();
    peers[0]!.write(
      `MSRP ${frame.id} 423 Out\nTo-Path: ${local}\nFrom-Path: ${to}\nMin-Expires: 9\n-------${frame.id}$\n`,
    );
    expect(await asked).toEqual({ status: 423, comment: "Out", headers: [["Min-Expires", "9"]] });
  });

  test("tells when there is no answer, and when the connection is lost or gone", async () => {
    const { link, peers, clock } = await linked();
    const late = rejection<MsrpError>(link.request(auth));
    await settle();
    await clock.advance(30_000);
    expect((await late).code).toBe("timeout");
    const lost = rejection<MsrpError>(link.request(auth));
    await settle();
    peers[0]!.transport.abort();
    expect((await lost).code).toBe("connection-reset");
    expect(link.open).toBe(false);
    expect((await rejection<MsrpError>(link.request(auth))).code).toBe("connection-closed");
  });

  test("stays for its time, or as long as it is reserved", async () => {
    const { app, link, clock } = await linked();
    const back = link.reserve();
    await clock.advance(600_000);
    expect(app.connectionCount).toBe(1);
    back();
    await clock.advance(59_999);
    expect(app.connectionCount).toBe(1);
    await clock.advance(2);
    expect(app.connectionCount).toBe(0);
  });

  test("is shared by all who go to the same place with the same TLS", async () => {
    const { app, link, network } = await linked();
    const again = await app.link({ to }, network.connect);
    expect(again.connection).toBe(link.connection);
    expect(network.opened).toBe(1);
  });

  test("leads sessions over itself by the whole URI, so that no relay can draw others' sessions to itself", async () => {
    const { app, link, network } = await linked();
    const token = MsrpUri.parse("msrp://elsewhere.example:2855/token;tcp");
    const stop = link.route(token);
    const connect = (hop: string, id: string): Promise<unknown> =>
      app.connect(
        {
          local: `msrp://alice.example:9/${id};tcp`,
          remote: [hop, "msrp://b.example:9/b;tcp"],
          confirm: false,
        },
        network.connect,
      );
    await connect(token.text, "s1");
    expect(link.connection.sessionCount).toBe(1);
    const other = await rejection<MsrpError>(connect("msrp://elsewhere.example:2855/other;tcp", "s2"));
    expect(other.code).toBe("connect-failed");
    stop();
    expect((await rejection<MsrpError>(connect(token.text, "s3"))).code).toBe("connect-failed");
  });

  test("RFC 6135 §4.5: a session that waits for its peer ends with the link", async () => {
    const { app, link } = await linked();
    const session = app.session({ local });
    link.attend(session);
    link.connection.abort();
    await settle();
    expect(session.state).toBe("failed");
  });
});
