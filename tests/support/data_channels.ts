// Two ends of a data channel in memory, and an association in two descriptions as a browser writes them.
import type { DataChannelLike } from "../../adapters/_data_channel_socket.ts";

/** One end. */
export class MemoryChannel implements DataChannelLike {
  binaryType = "blob";
  readyState = "open";
  bufferedAmount = 0;
  bufferedAmountLowThreshold = 0;
  protocol = "msrp";
  label = "chat";
  id = 0;
  ordered = true;
  maxRetransmits: number | null = null;
  maxPacketLifeTime: number | null = null;
  other!: MemoryChannel;
  /** Longest message that it lets through, as SCTP does. */
  limit = 65_536;
  /** Messages that were sent, as text. */
  readonly sent: string[] = [];
  readonly sizes: number[] = [];
  /** Keeps what is sent until `flush()`. */
  slow = false;
  #held: Uint8Array[] = [];
  readonly #listeners = new Map<string, ((event: unknown) => void)[]>();

  /** Two ends of one channel. */
  static pair(): [MemoryChannel, MemoryChannel] {
    const [a, b] = [new MemoryChannel(), new MemoryChannel()];
    a.other = b;
    b.other = a;
    return [a, b];
  }

  addEventListener(type: string, listener: (event: unknown) => void): void {
    this.#listeners.set(type, [...(this.#listeners.get(type) ?? []), listener]);
  }

  fire(type: string, event?: object): void {
    for (const listener of this.#listeners.get(type) ?? []) listener(event);
  }

  open(): void {
    this.readyState = "open";
    this.fire("open");
  }

  send(data: Uint8Array): void {
    if (data.length > this.limit) throw new TypeError("longer than max-message-size");
    const bytes = data.slice();
    this.sizes.push(bytes.length);
    this.sent.push(new TextDecoder().decode(bytes));
    this.bufferedAmount += bytes.length;
    if (this.slow) this.#held.push(bytes);
    else this.#pass(bytes);
  }

  flush(): void {
    this.slow = false;
    for (const bytes of this.#held.splice(0)) this.#pass(bytes);
  }

  close(): void {
    for (const end of [this, this.other]) {
      if (end.readyState === "closed") continue;
      end.readyState = "closed";
      queueMicrotask(() => end.fire("close"));
    }
  }

  #pass(bytes: Uint8Array): void {
    queueMicrotask(() => {
      const before = this.bufferedAmount;
      this.bufferedAmount -= bytes.length;
      const low = this.bufferedAmountLowThreshold;
      if (before > low && this.bufferedAmount <= low) this.fire("bufferedamountlow");
      if (this.other.readyState === "open") this.other.fire("message", { data: bytes.buffer });
    });
  }
}

/** What a browser offers for data channels. */
export const association: string = [
  "v=0",
  "o=- 4611731400430051336 2 IN IP4 127.0.0.1",
  "s=-",
  "t=0 0",
  "a=group:BUNDLE 0",
  "m=application 54111 UDP/DTLS/SCTP webrtc-datachannel",
  "c=IN IP4 0.0.0.0",
  "a=mid:0",
  "a=setup:actpass",
  "a=sctp-port:5000",
  "a=max-message-size:100000",
  "",
].join("\r\n");
