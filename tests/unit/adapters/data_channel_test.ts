// Sessions over data channels between two nodes: in memory, and over a real association of werift.
import { RTCPeerConnection } from "werift";
import { describe, expect, test } from "#test";
import { type DataChannelLike, openDataChannel } from "../../../adapters/data_channel.ts";
import type { MsrpError } from "../../../core/errors.ts";
import { Msrp } from "../../../core/node/node.ts";
import { readDataChannels } from "../../../core/sdp/data_channel.ts";
import {
  answerDataChannel,
  matchDataChannels,
  maxMessageSize,
  withDataChannels,
} from "../../../core/sdp/data_channel_offer.ts";
import type { Session } from "../../../core/session/session.ts";
import { createSessionId } from "../../../core/wire/ident.ts";
import { MsrpUri } from "../../../core/wire/uri.ts";
import { MemoryChannel } from "../../support/data_channels.ts";
import { rejection, settle } from "../../support/nodes.ts";

const newUri = (): MsrpUri => MsrpUri.parse(`msrps://x.invalid:9/${createSessionId()};dc`);

interface Pair {
  readonly apps: readonly [Msrp, Msrp];
  readonly sessions: readonly [Session, Session];
  readonly ends: readonly [MemoryChannel, MemoryChannel];
}

async function pair(limits: { peerMaxMessageBytes?: number } = {}): Promise<Pair> {
  const ends = MemoryChannel.pair();
  const apps = [new Msrp(), new Msrp()] as const;
  const uris = [newUri(), newUri()] as const;
  const passive = openDataChannel(apps[1], ends[1], {
    ...limits,
    local: uris[1],
    remote: uris[0],
    role: "passive",
  });
  const active = openDataChannel(apps[0], ends[0], {
    ...limits,
    local: uris[0],
    remote: uris[1],
    role: "active",
  });
  return { apps, ends, sessions: [await active, await passive] };
}

async function close(apps: readonly Msrp[]): Promise<void> {
  await Promise.all(apps.map((app) => app.close({ drainMs: 0 })));
}

async function next(session: Session): Promise<string> {
  for await (const message of session) return await message.text();
  throw new Error("the session ended");
}

describe("openDataChannel", () => {
  test("RFC 8873 §4.4, §5.1, §5.2: the active side sends a SEND when the channel opens, wherever the paths lead, then both speak [8873-4.4-05] [8873-5.2-01] [8873-5.1-01]", async () => {
    const { apps, ends, sessions } = await pair();
    expect(/^MSRP \S+ SEND\r\nTo-Path: msrps:\/\/[^;]+;dc\r\n/.test(ends[0].sent[0] ?? "")).toBe(true);
    expect(sessions.map(({ state }) => state)).toEqual(["bound", "bound"]);
    sessions[0].send("hello");
    expect(await next(sessions[1])).toBe("hello");
    sessions[1].send("and back");
    expect(await next(sessions[0])).toBe("and back");
    await close(apps);
  });

  test("RFC 8873 §5.4: one chunk is one message, never longer than the limit [8873-5.4-01]", async () => {
    const { apps, ends, sessions } = await pair({ peerMaxMessageBytes: 2000 });
    const text = "x".repeat(50_000);
    sessions[0].send(text);
    expect(await next(sessions[1])).toBe(text);
    expect(Math.max(...ends[0].sizes)).toBeLessThanOrEqual(2000);
    expect(ends[0].sent.every((frame) => /^MSRP (\S+) [\s\S]*-------\1[$+]\r\n$/.test(frame))).toBe(true);
    await close(apps);
  });

  test("RFC 8873 §4.4: To-Path is compared with the own URI although no path routes [8873-4.4-06]", async () => {
    const { apps, ends } = await pair();
    const before = ends[1].sent.length;
    const bytes = `MSRP abcd1234 SEND\r\nTo-Path: ${newUri()}\r\nFrom-Path: ${newUri()}\r\nMessage-ID: m0001\r\n-------abcd1234$\r\n`;
    ends[0].send(new TextEncoder().encode(bytes));
    await settle();
    expect(ends[1].sent.slice(before).map((frame) => frame.split("\r\n")[0])).toEqual([
      "MSRP abcd1234 481 No Such Session",
    ]);
    await close(apps);
  });

  test("RFC 8873 §4.6: the end of the session is the end of its channel [8873-4.6-01]", async () => {
    for (const side of [0, 1] as const) {
      const { apps, ends, sessions } = await pair();
      await sessions[side].close();
      await settle();
      expect(ends.map(({ readyState }) => readyState)).toEqual(["closed", "closed"]);
      await close(apps);
    }
  });

  test("RFC 8873 §5.3: the end of the channel is the end of the session [8873-5.3-01]", async () => {
    for (const side of [0, 1] as const) {
      const { apps, ends, sessions } = await pair();
      ends[side].close();
      await settle();
      expect(sessions.map(({ state }) => state === "closed" || state === "failed")).toEqual([true, true]);
      await close(apps);
    }
  });

  test("RFC 8873 §5.4: half a frame or two in one message end this channel and no other", async () => {
    const { apps, ends, sessions } = await pair();
    const other = await pair();
    ends[0].send(new TextEncoder().encode("MSRP abcd SEND\r\nTo-Path: msr"));
    await settle();
    expect(sessions[1].state).toBe("failed");
    expect(other.sessions.map(({ state }) => state)).toEqual(["bound", "bound"]);
    await close([...apps, ...other.apps]);
  });

  test("a session is bound by its own channel only [8873-5.1-01]", async () => {
    const [own, far] = MemoryChannel.pair();
    const [stranger] = MemoryChannel.pair();
    const apps = [new Msrp(), new Msrp()];
    const uris = [newUri(), newUri()] as const;
    const local = uris[0];
    const session = await openDataChannel(apps[0] as Msrp, own, { local, remote: uris[1], role: "passive" });
    const other = await openDataChannel(apps[0] as Msrp, stranger, {
      local: newUri(),
      remote: uris[1],
      role: "passive",
    });
    const send = `MSRP abcd1234 SEND\r\nTo-Path: ${local}\r\nFrom-Path: ${uris[1]}\r\nMessage-ID: m0001\r\n-------abcd1234$\r\n`;
    stranger.fire("message", { data: new TextEncoder().encode(send).buffer });
    await settle();
    // As with a wrong certificate: who knows the URI and is not the peer ends the session, and gets nothing.
    expect([session.state, other.state, stranger.readyState]).toEqual(["failed", "failed", "closed"]);
    expect(far.readyState).toBe("closed");
    await close(apps);
  });

  test("a channel that closes before it opens fails the session; a channel that will not do is refused", async () => {
    for (const role of ["active", "passive"] as const) {
      const app = new Msrp();
      const [channel] = MemoryChannel.pair();
      channel.readyState = "connecting";
      const opening = rejection<MsrpError>(
        openDataChannel(app, channel, { local: newUri(), remote: newUri(), role }),
      );
      channel.close();
      expect((await opening).code).toBe("connect-failed");
      const [unfit] = MemoryChannel.pair();
      unfit.ordered = false;
      const error = await rejection<MsrpError>(
        openDataChannel(app, unfit, { local: newUri(), remote: newUri(), role }),
      );
      expect(error.code).toBe("data-channel-unfit");
      expect(app.sessionCount).toBe(0);
      await close([app]);
    }
  });
});

describe("over WebRTC, with werift", () => {
  test("RFC 8873: offer, answer, a message of a mebioctet there, and texts back on the same channel [8873-5.5-01] [8873-5.6-01]", async () => {
    const connections = [new RTCPeerConnection(), new RTCPeerConnection()] as const;
    const apps = [new Msrp(), new Msrp()] as const;
    const uris = [newUri(), newUri()] as const;
    const channel = (connection: RTCPeerConnection): DataChannelLike =>
      connection.createDataChannel("chat", {
        protocol: "msrp",
        negotiated: true,
        id: 0,
      }) as unknown as DataChannelLike;
    const ends = connections.map(channel) as [DataChannelLike, DataChannelLike];
    await connections[0].setLocalDescription(await connections[0].createOffer());
    await gathered(connections[0]);
    const own = { streamId: 0, label: "chat", path: [uris[0]], setup: "active" as const };
    const offer = withDataChannels(connections[0].localDescription?.sdp ?? "", [own]);
    await connections[1].setRemoteDescription({ type: "offer", sdp: offer });
    await connections[1].setLocalDescription(await connections[1].createAnswer());
    await gathered(connections[1]);
    const [offered] = readDataChannels(offer);
    if (offered === undefined) throw new Error("no channel was offered");
    const answered = answerDataChannel(offered, { uri: uris[1] });
    const answer = withDataChannels(connections[1].localDescription?.sdp ?? "", [answered.description]);
    await connections[0].setRemoteDescription({ type: "answer", sdp: answer });
    const [matched] = matchDataChannels([own], answer);
    if (matched === undefined) throw new Error("the channel was refused");
    const peerMaxMessageBytes = maxMessageSize(answer);
    const passive = openDataChannel(apps[1], ends[1], {
      local: uris[1],
      remote: offered.path,
      role: answered.role,
    });
    const active = await openDataChannel(apps[0], ends[0], {
      local: uris[0],
      remote: matched.channel.path,
      role: matched.role,
      peerMaxMessageBytes,
    });
    const session = await passive;
    const text = "0123456789abcdef".repeat(65_536);
    const sent = active.send(text);
    expect((await next(session)) === text).toBe(true);
    await sent.delivered;
    for (const text of ["got it", "the next one, please"]) {
      await session.send(text).delivered;
      expect(await next(active)).toBe(text);
    }
    await close(apps);
    await Promise.all(connections.map((connection) => connection.close()));
  });
});

/** Until the description has its candidates. */
async function gathered(connection: RTCPeerConnection): Promise<void> {
  if (connection.iceGatheringState === "complete") return;
  await new Promise<void>((resolve) => {
    connection.iceGatheringStateChange.subscribe((state) => {
      if (state === "complete") resolve();
    });
  });
}
