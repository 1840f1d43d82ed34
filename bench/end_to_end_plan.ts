/**
 * What both ends of the end-to-end benchmark agree on: sizes, windows, and what a small message takes on the wire. The
 * raw pump moves exactly the same octets.
 */
import { encodeRequest, encodeResponse, MsrpUri } from "../core/wire/mod.ts";
import type { RawPlan, RawTls } from "./raw.ts";

/** Octets of a small message. */
export const smallBytes = 100;
/** Octets of a bulk message, and of one run of the raw bulk pump. */
export const bulkBytes = 67_108_864;
/** Octets of a chunk where chunks are asked for. */
export const chunkBytes = 65_536;

const local = MsrpUri.parse("msrp://127.0.0.1:40000/Ks83nqPz0w2LmAx4Ks83nq;tcp");
const remote = MsrpUri.parse("msrp://127.0.0.1:40001/hT5xV9eRy7uQ1cBnhT5xV9;tcp");
const transactionId = "a3Kd81LqZ0mPw7Tx";

/** The plan of the raw pump. */
export const plan: RawPlan = {
  blockBytes: chunkBytes,
  bulkBytes,
  messageBytes: encodeRequest({
    transactionId,
    method: "SEND",
    toPath: [remote],
    fromPath: [local],
    headers: [
      ["Message-ID", "hT5xV9eRy7uQ1cBnhT5xV9"],
      ["Byte-Range", `1-${smallBytes}/${smallBytes}`],
    ],
    contentType: "application/octet-stream",
    body: new Uint8Array(smallBytes),
  }).length,
  answerBytes: encodeResponse({ transactionId, status: 200, toPath: [local], fromPath: [remote] }).length,
  batch: 64,
  window: 1024,
};

/** What the receiver tells the sender in its first line. */
export interface ReceiverAddress {
  /** Ports of the raw pump. */
  readonly raw: { readonly tcp: number; readonly tls: number };
  /** URIs of the endpoint. */
  readonly msrp: { readonly tcp: string; readonly tls: string };
  readonly tls: RawTls;
}
