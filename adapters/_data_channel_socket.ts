// A data channel seen as a WebSocket, which it nearly is: the transport of those then serves both.
// What differs are the words for its states and that closing has no codes.
import type { WebSocketLike } from "./_web_socket_transport.ts";

/** What is used of an `RTCDataChannel`, of a browser or of a WebRTC library such as werift. */
export interface DataChannelLike {
  binaryType?: string;
  readonly readyState: string;
  readonly bufferedAmount: number;
  bufferedAmountLowThreshold: number;
  readonly protocol: string;
  readonly label: string;
  readonly id: number | null;
  readonly ordered: boolean;
  readonly maxRetransmits: number | null;
  readonly maxPacketLifeTime: number | null;
  // biome-ignore lint/suspicious/noExplicitAny: a library may want its own kind of octets, and make its own of others
  send(data: any): void;
  close(): void;
  // biome-ignore lint/suspicious/noExplicitAny: the event types of browsers and libraries differ
  addEventListener(type: string, listener: (event: any) => void): void;
}

const states = ["connecting", "open", "closing", "closed"];

/** The channel's other face. */
export class DataChannelSocket implements WebSocketLike {
  readonly #channel: DataChannelLike;

  constructor(channel: DataChannelLike) {
    this.#channel = channel;
  }

  get binaryType(): string {
    return this.#channel.binaryType ?? "";
  }
  set binaryType(type: string) {
    this.#channel.binaryType = type;
  }
  get readyState(): number {
    return states.indexOf(this.#channel.readyState);
  }
  get bufferedAmount(): number {
    return this.#channel.bufferedAmount;
  }
  get bufferedAmountLowThreshold(): number {
    return this.#channel.bufferedAmountLowThreshold;
  }
  set bufferedAmountLowThreshold(octets: number) {
    this.#channel.bufferedAmountLowThreshold = octets;
  }
  get protocol(): string {
    return this.#channel.protocol;
  }

  send(data: Uint8Array): void {
    this.#channel.send(data);
  }

  close(): void {
    this.#channel.close();
  }

  // biome-ignore lint/suspicious/noExplicitAny: see DataChannelLike
  addEventListener(type: string, listener: (event: any) => void): void {
    this.#channel.addEventListener(type, (event) => listener(event ?? {}));
  }
}
