/**
 * The sending end of a raw pump over sockets that call back, as those of Bun and Node do. It writes while the socket
 * takes it, counts what is answered, and knows nothing of messages.
 */
import { answerOctets, type RawKind, type RawPlan, type RawPump } from "./raw.ts";

/** A pump over one socket, which calls `answered` and `drained`. */
export class CallbackPump implements RawPump {
  readonly #plan: RawPlan;
  readonly #kind: RawKind;
  readonly #small: boolean;
  readonly #write: (bytes: Uint8Array) => boolean;
  readonly #end: () => void;
  readonly #source: Uint8Array;
  readonly #blockBytes: number;
  #unsent = 0;
  #unanswered = 0;
  #writable = true;
  #done: (() => void) | undefined;

  /** @param write gives octets to the socket; false: not before `drained` again */
  constructor(
    plan: RawPlan,
    kind: RawKind,
    source: Uint8Array,
    write: (bytes: Uint8Array) => boolean,
    end: () => void,
  ) {
    this.#plan = plan;
    this.#kind = kind;
    this.#small = kind === "S";
    this.#write = write;
    this.#end = end;
    this.#source = source;
    this.#blockBytes = this.#small ? plan.messageBytes * plan.batch : plan.blockBytes;
    this.#writable = write(new TextEncoder().encode(kind));
  }

  run(messages: number = 0): Promise<void> {
    this.#unsent = this.#small ? messages * this.#plan.messageBytes : this.#plan.bulkBytes;
    this.#unanswered = answerOctets(this.#plan, this.#kind, messages);
    const done = new Promise<void>((resolve) => {
      this.#done = resolve;
    });
    this.#fill();
    return done;
  }

  answered(octets: number): void {
    this.#unanswered -= octets;
    if (this.#unanswered === 0) this.#done?.();
    else if (this.#small) this.#fill();
  }

  drained(): void {
    this.#writable = true;
    this.#fill();
  }

  close(): void {
    this.#end();
  }

  #fill(): void {
    const { answerBytes, messageBytes, window } = this.#plan;
    while (this.#writable && this.#unsent > 0) {
      if (this.#small && this.#unanswered / answerBytes - this.#unsent / messageBytes >= window) return;
      const length = Math.min(this.#unsent, this.#blockBytes);
      const at = this.#small ? 0 : this.#source.length - this.#unsent;
      this.#unsent -= length;
      this.#writable = this.#write(this.#source.subarray(at, at + length));
    }
  }
}
