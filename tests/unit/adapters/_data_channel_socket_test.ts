// The face that a data channel shows to the transport of WebSockets.
import { describe, expect, test } from "#test";
import { DataChannelSocket } from "../../../adapters/_data_channel_socket.ts";
import { MemoryChannel } from "../../support/data_channels.ts";

describe("DataChannelSocket", () => {
  test("has the states, words and signs of a WebSocket", () => {
    const channel = new MemoryChannel();
    const socket = new DataChannelSocket(channel);
    const seen: number[] = [];
    for (const state of ["connecting", "open", "closing", "closed"]) {
      channel.readyState = state;
      seen.push(socket.readyState);
    }
    expect(seen).toEqual([0, 1, 2, 3]);
    socket.binaryType = "arraybuffer";
    socket.bufferedAmountLowThreshold = 9;
    expect([channel.binaryType, channel.bufferedAmountLowThreshold]).toEqual(["arraybuffer", 9]);
    expect([socket.binaryType, socket.bufferedAmountLowThreshold, socket.protocol]).toEqual([
      "arraybuffer",
      9,
      "msrp",
    ]);
  });

  test("events of libraries that come without an object are events all the same", () => {
    const channel = new MemoryChannel();
    const events: unknown[] = [];
    new DataChannelSocket(channel).addEventListener("close", (event) => events.push(event));
    channel.fire("close");
    expect(events).toEqual([{}]);
  });

  test("what is sent, buffered and closed is the channel's", () => {
    const [channel] = MemoryChannel.pair();
    const socket = new DataChannelSocket(channel);
    channel.slow = true;
    socket.send(new Uint8Array(3));
    expect([channel.sizes, socket.bufferedAmount]).toEqual([[3], 3]);
    socket.close();
    expect(channel.readyState).toBe("closed");
  });
});
