// The transport over a data channel: which channels will do, how long frames may be, and the channel's own signs of room.
import { describe, expect, test } from "#test";
import {
  checkDataChannel,
  dataChannelTransport,
  frameLimit,
  whenOpen,
} from "../../../adapters/_data_channel_transport.ts";
import { settle } from "../../../adapters/memory.ts";
import type { MsrpError } from "../../../core/errors.ts";
import { MemoryChannel } from "../../support/data_channels.ts";
import { rejection, thrown } from "../../support/nodes.ts";

const code = (call: () => unknown): string => thrown<MsrpError>(call).code;

describe("a data channel as a transport", () => {
  test("RFC 8873 §4.3: it is reliable, ordered, and its sub-protocol is msrp [8873-3.1-01]", () => {
    const unfit: Partial<MemoryChannel>[] = [
      { protocol: "" },
      { ordered: false },
      { maxRetransmits: 0 },
      { maxPacketLifeTime: 100 },
    ];
    for (const change of unfit) {
      const channel = Object.assign(new MemoryChannel(), change);
      expect(code(() => checkDataChannel(channel))).toBe("data-channel-unfit");
    }
    expect(() => checkDataChannel(new MemoryChannel())).not.toThrow();
  });

  test("RFC 8873 §5.4: frames are no longer than the peer takes, and 16 KiB unless told otherwise [8873-5.4-01]", () => {
    expect(frameLimit({})).toBe(16_384);
    expect(frameLimit({ peerMaxMessageBytes: 2000 })).toBe(2000);
    expect(frameLimit({ peerMaxMessageBytes: 0, maxFrameBytes: 262_144 })).toBe(262_144);
    expect(frameLimit({ maxFrameBytes: 100_000 })).toBe(65_536);
    expect(thrown(() => frameLimit({ peerMaxMessageBytes: 1023 }))).toBeInstanceOf(RangeError);
  });

  test("the channel says when it has room again: nobody polls", async () => {
    const [channel, other] = MemoryChannel.pair();
    let drained = 0;
    const sink = { received() {}, drained: () => drained++, ended() {} };
    const transport = dataChannelTransport(channel, () => sink, { highWaterBytes: 8 });
    expect([transport.framing, transport.secure, channel.bufferedAmountLowThreshold]).toEqual([
      "message",
      true,
      4,
    ]);
    channel.slow = true;
    expect(transport.write(new Uint8Array(7))).toBe(true);
    expect(transport.write(new Uint8Array(7))).toBe(false);
    channel.flush();
    await settle();
    expect([drained, other.sizes.length]).toEqual([1, 0]);
  });

  test("two channels are never taken for one another", () => {
    const sink = { received() {}, drained() {}, ended() {} };
    const addresses = [new MemoryChannel(), new MemoryChannel()].map(
      (channel) => dataChannelTransport(channel, () => sink).remoteAddress,
    );
    expect(new Set(addresses).size).toBe(2);
  });

  test("whenOpen waits for the channel, and not for ever", async () => {
    const [channel] = MemoryChannel.pair();
    channel.readyState = "connecting";
    const opening = whenOpen(channel);
    channel.open();
    await opening;
    const [closes] = MemoryChannel.pair();
    closes.readyState = "connecting";
    const failed = rejection<MsrpError>(whenOpen(closes));
    closes.close();
    expect((await failed).code).toBe("connect-failed");
    expect((await rejection<MsrpError>(whenOpen(closes))).code).toBe("connect-failed");
    const give = new AbortController();
    const [never] = MemoryChannel.pair();
    never.readyState = "connecting";
    const aborted = rejection<MsrpError>(whenOpen(never, give.signal));
    give.abort();
    expect((await aborted).code).toBe("aborted");
  });
});
