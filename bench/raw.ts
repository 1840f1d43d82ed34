/**
 * The raw socket pump, control of the end-to-end benchmark: the same octets over the same sockets, and nothing else done
 * to them. Written once for each runtime, with its own sockets at their barest.
 */
import { ownRuntime } from "./runtimes.ts";

/** Certificate and key of the listener, and the CA that the other end trusts; PEM. */
export interface RawTls {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** A pump: "B" bulk with one octet of answer at its end, "C" bulk with an answer to each block, "S" small messages. */
export type RawKind = "B" | "C" | "S";

/** What both ends of a pump agree on. */
export interface RawPlan {
  /** Octets of one write of the bulk pump. */
  readonly blockBytes: number;
  /** The bulk receiver answers one octet for so many. */
  readonly bulkBytes: number;
  /** Octets that a small message takes on the wire. */
  readonly messageBytes: number;
  /** Octets that its answer takes; all answers of one read leave in one write. */
  readonly answerBytes: number;
  /** Small messages that leave in one write. */
  readonly batch: number;
  /** Small messages that may wait for their answers. */
  readonly window: number;
}

/** Pumps of one runtime. */
export interface RawSockets {
  /** Listens on 127.0.0.1; the first octet of a connection tells which pump it is. */
  serve(plan: RawPlan, tls: RawTls | undefined): Promise<number>;
  /** Opens a pump; each `run` moves the octets of `source` once, or `messages` small ones, and waits for their answers. */
  connect(
    port: number,
    kind: RawKind,
    plan: RawPlan,
    tls: RawTls | undefined,
    source: Uint8Array,
  ): Promise<RawPump>;
}

/** An open pump. */
export interface RawPump {
  run(messages?: number): Promise<void>;
  close(): void;
}

/** What the receiver answers to octets of one connection: counted, and nothing else. */
export class RawAnswers {
  readonly #plan: RawPlan;
  readonly #answers: Uint8Array;
  #kind: RawKind | undefined;
  #count = 0;

  constructor(plan: RawPlan) {
    this.#plan = plan;
    this.#answers = new Uint8Array(plan.answerBytes * plan.window * 4);
  }

  /** The answer to what came in; undefined: none. */
  to(bytes: Uint8Array): Uint8Array | undefined {
    this.#count += bytes.length;
    if (this.#kind === undefined) {
      this.#kind = String.fromCharCode(bytes[0] as number) as RawKind;
      this.#count--;
    }
    const { blockBytes, bulkBytes, messageBytes, answerBytes } = this.#plan;
    const each = this.#kind === "S" ? messageBytes : this.#kind === "C" ? blockBytes : bulkBytes;
    const whole = Math.floor(this.#count / each);
    if (whole === 0) return undefined;
    this.#count -= whole * each;
    return this.#answers.subarray(0, whole * (this.#kind === "B" ? 1 : answerBytes));
  }
}

/** Octets that come back in one run of a pump. */
export function answerOctets(plan: RawPlan, kind: RawKind, messages: number): number {
  if (kind === "B") return 1;
  return plan.answerBytes * (kind === "S" ? messages : plan.bulkBytes / plan.blockBytes);
}

/** The pumps of the runtime that runs this. */
export async function ownSockets(): Promise<RawSockets> {
  if (ownRuntime === "bun") return (await import("./raw_bun.ts")).bunSockets;
  if (ownRuntime === "deno") return (await import("./raw_deno.ts")).denoSockets;
  return (await import("./raw_node.ts")).nodeSockets;
}
