// What runs in the pages of the data-channel test: a node, one connection, and its channel, driven from outside.
// Signalling is two texts that the test carries from one page to the other.
import { type DataChannelLike, openDataChannel } from "../../adapters/data_channel.ts";
import {
  answerDataChannel,
  createSessionId,
  Msrp,
  MsrpUri,
  matchDataChannels,
  maxMessageSize,
  readDataChannels,
  type Session,
  withDataChannels,
} from "../../core/mod.ts";

const mebi = 1_048_576;

/** What is used of the browser's, whose types the other tests have no use for. */
interface Connection {
  readonly iceGatheringState: string;
  readonly localDescription: { readonly sdp: string } | null;
  createDataChannel(label: string, options: object): DataChannelLike;
  setLocalDescription(): Promise<void>;
  setRemoteDescription(description: { type: string; sdp: string }): Promise<void>;
  addEventListener(type: string, listener: () => void): void;
}
declare const RTCPeerConnection: new () => Connection;

/** One page's end. */
export class Page {
  readonly #app: Msrp = new Msrp({ inbox: { maxMessageBytes: 64 * mebi } });
  readonly #uri: MsrpUri = MsrpUri.parse(`msrps://x.invalid:9/${createSessionId()};dc`);
  readonly #connection: Connection = new RTCPeerConnection();
  readonly #channel: DataChannelLike = this.#connection.createDataChannel("chat", {
    protocol: "msrp",
    negotiated: true,
    id: 0,
  });
  #session: Promise<Session> | undefined;

  async offer(): Promise<string> {
    await this.#connection.setLocalDescription();
    return withDataChannels(await this.#gathered(), [this.#own]);
  }

  async answer(sdp: string): Promise<string> {
    const [channel] = readDataChannels(sdp);
    if (channel === undefined) throw new Error("no channel was offered");
    await this.#connection.setRemoteDescription({ type: "offer", sdp });
    await this.#connection.setLocalDescription();
    const { description, role } = answerDataChannel(channel, { uri: this.#uri });
    this.#open(channel.path, role, sdp);
    return withDataChannels(await this.#gathered(), [description]);
  }

  async answered(sdp: string): Promise<void> {
    await this.#connection.setRemoteDescription({ type: "answer", sdp });
    const [matched] = matchDataChannels([this.#own], sdp);
    if (matched === undefined) throw new Error("the channel was refused");
    this.#open(matched.channel.path, matched.role, sdp);
  }

  /** Sends a message of so many octets, and gives its checksum when it is delivered. */
  async send(bytes: number): Promise<number> {
    const body = new Uint8Array(bytes);
    let state = 1;
    for (let index = 0; index < bytes; index++) {
      state = (state * 1_103_515_245 + 12_345) >>> 0;
      body[index] = state >>> 24;
    }
    const session = await this.#session;
    await session?.send(new Blob([body])).delivered;
    return checksum(body);
  }

  /** The size and checksum of the next message. */
  async receive(): Promise<[number, number]> {
    const session = await this.#session;
    if (session === undefined) throw new Error("no session");
    for await (const { body } of session) return [body.length, checksum(body)];
    throw new Error("the session ended");
  }

  /** Ends it; what the peer's session then is, its page tells. */
  close(): void {
    this.#channel.close();
  }

  async ended(): Promise<void> {
    await (await this.#session)?.closed;
  }

  get #own() {
    return { streamId: 0, label: "chat", path: [this.#uri], setup: "active" as const };
  }

  #open(remote: readonly MsrpUri[], role: "active" | "passive", sdp: string): void {
    const peerMaxMessageBytes = maxMessageSize(sdp);
    const options = { local: this.#uri, remote, role, peerMaxMessageBytes };
    this.#session = openDataChannel(this.#app, this.#channel, options);
  }

  async #gathered(): Promise<string> {
    const connection = this.#connection;
    if (connection.iceGatheringState !== "complete") {
      await new Promise<void>((resolve) => {
        connection.addEventListener("icegatheringstatechange", () => {
          if (connection.iceGatheringState === "complete") resolve();
        });
      });
    }
    return connection.localDescription?.sdp ?? "";
  }
}

function checksum(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  for (const octet of bytes) {
    a = (a + octet) % 65_521;
    b = (b + a) % 65_521;
  }
  return b * 65_536 + a;
}

(globalThis as { end?: Page }).end = new Page();
