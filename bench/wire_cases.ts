// The wire benchmark on the runtime that runs it: each case next to its control, in turns, best of many short rounds.
// Prints one JSON object. `wire.ts` runs it on every runtime.
import {
  Decoder,
  encodeRequest,
  encodeResponse,
  type Frame,
  FrameWriter,
  MsrpUri,
} from "../core/wire/mod.ts";
import { bareRecord, bareScan, bareSkipSearch } from "./wire_controls.ts";

/** One measured case. */
export interface WireResult {
  readonly name: string;
  /** Megaoctets or thousand frames a second. */
  readonly rate: number;
  readonly unit: "MB/s" | "k/s";
  readonly control?: string;
  /** Share of the control's rate. */
  readonly ratio?: number;
  /** The least share that we accept. */
  readonly least?: number;
}

interface Case {
  readonly name: string;
  readonly unit: WireResult["unit"];
  /** Octets or frames that one call handles. */
  readonly amount: number;
  readonly run: () => void;
  readonly control?: string;
  readonly least?: number;
}

const rounds = 24;
const roundMs = 25;
const mebibyte = 1_048_576;
const id = "a3Kd81LqZ0mPw7Tx";
const toPath = [MsrpUri.parse("msrp://bob.biloxi.example:12051/hT5xV9eRy7uQ1c;tcp")];
const fromPath = [MsrpUri.parse("msrp://alice.atlanta.example:7313/Ks83nqPz0w2LmA;tcp")];
let sinkhole = 0;

function send(body: Uint8Array, transactionId: string, path: readonly MsrpUri[] = toPath): Uint8Array {
  const range = body.length > 2048 ? `1-*/${body.length}` : `1-${body.length}/${body.length}`;
  const headers = [
    ["Message-ID", `m${transactionId}`],
    ["Byte-Range", range],
  ] as const;
  return encodeRequest({
    transactionId,
    method: "SEND",
    toPath: path,
    fromPath,
    headers,
    contentType: "text/plain",
    body,
  });
}

function filled(length: number, octet: (index: number) => number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => octet(index));
}

/** As many copies of frames as fit into a read of 64 KiB; the last one whole. */
function packed(frames: readonly Uint8Array[]): { bytes: Uint8Array; count: number } {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (let index = 0; length + 600 < 65_536; index++) {
    const frame = frames[index % frames.length] as Uint8Array;
    parts.push(frame);
    length += frame.length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return { bytes, count: parts.length };
}

function cut(bytes: Uint8Array, length: number): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += length) pieces.push(bytes.slice(at, at + length));
  return pieces;
}

function decodeAll(pieces: readonly Uint8Array[], use: (frame: Frame) => void): () => void {
  const decoder = new Decoder();
  return () => {
    for (const piece of pieces) decoder.receive(piece, use);
  };
}

const count = (frame: Frame): void => {
  sinkhole = (sinkhole + (frame.kind === "request" ? frame.bodyLength : frame.status)) | 0;
};
const useStrings = (frame: Frame): void => {
  if (frame.kind === "request") sinkhole = frame.transactionId.length + (frame.messageId?.length ?? 0);
};
const useBody = (frame: Frame): void => {
  if (frame.kind === "request") sinkhole = frame.body?.length ?? 0;
};

function cases(): Case[] {
  let seed = 1;
  const random = filled(mebibyte, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0;
    return (seed >>> 16) & 255;
  });
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const base64 = filled(mebibyte, (index) => letters.charCodeAt((random[index] as number) & 63));
  const hyphens = filled(mebibyte, () => 45);
  const idBytes = new TextEncoder().encode(id);
  const binaryFrame = send(random, id);
  const textFrame = send(base64, id);
  const hyphenFrame = send(hyphens, id);
  const target = new Uint8Array(mebibyte);
  const small = filled(100, (index) => letters.charCodeAt(index % 64));
  const ids = Array.from({ length: 64 }, (_, index) => `${id.slice(0, 13)}${String(index).padStart(3, "x")}`);
  const one = packed(ids.map((name) => send(small, name)));
  const paths = ids.slice(0, 8).map((name) => [MsrpUri.parse(`msrp://bob.biloxi.example:12051/${name};tcp`)]);
  const eight = packed(ids.map((name, index) => send(small, name, paths[index % 8])));
  const answers = packed(
    ids.map((name) =>
      encodeResponse({ transactionId: name, status: 200, toPath: fromPath, fromPath: toPath }),
    ),
  );
  const singles = ids.map((name) => send(small, name));
  const record = bareRecord();
  const writer = new FrameWriter();
  const search = "bare skip search";
  const lazy = "bare lazy scanner";
  const headers = [
    ["Message-ID", `m${id}`],
    ["Byte-Range", "1-100/100"],
  ] as const;
  return [
    { name: "memcpy 1 MiB", unit: "MB/s", amount: mebibyte, run: () => target.set(random) },
    {
      name: search,
      unit: "MB/s",
      amount: mebibyte,
      run: () => void (sinkhole = bareSkipSearch(binaryFrame, 0, binaryFrame.length, idBytes)),
    },
    {
      name: `${search}, text`,
      unit: "MB/s",
      amount: mebibyte,
      run: () => void (sinkhole = bareSkipSearch(textFrame, 0, textFrame.length, idBytes)),
    },
    {
      name: "body 1 MiB binary",
      unit: "MB/s",
      amount: mebibyte,
      run: decodeAll([binaryFrame], count),
      control: search,
      least: 0.7,
    },
    {
      name: "body 1 MiB text",
      unit: "MB/s",
      amount: mebibyte,
      run: decodeAll([textFrame], count),
      control: `${search}, text`,
      least: 0.7,
    },
    {
      name: "body 1 MiB in 64 KiB reads",
      unit: "MB/s",
      amount: mebibyte,
      run: decodeAll(cut(binaryFrame, 65_536), count),
      control: search,
    },
    {
      name: "body 1 MiB of hyphens",
      unit: "MB/s",
      amount: mebibyte,
      run: decodeAll([hyphenFrame], count),
      control: "body 1 MiB binary",
      least: 0.3,
    },
    {
      name: "hyphens in 64 KiB reads",
      unit: "MB/s",
      amount: mebibyte,
      run: decodeAll(cut(hyphenFrame, 65_536), count),
      control: "body 1 MiB in 64 KiB reads",
      least: 0.3,
    },
    {
      name: lazy,
      unit: "k/s",
      amount: one.count,
      run: () => {
        for (let at = 0; at < one.bytes.length; ) at = bareScan(one.bytes, at, one.bytes.length, record);
        sinkhole = record.bodyEnd;
      },
    },
    {
      name: "SEND 100 B, 64 KiB reads",
      unit: "k/s",
      amount: one.count,
      run: decodeAll([one.bytes], count),
      control: lazy,
      least: 0.5,
    },
    {
      name: "… of 8 sessions",
      unit: "k/s",
      amount: eight.count,
      run: decodeAll([eight.bytes], count),
      control: lazy,
      least: 0.5,
    },
    {
      name: "… with body view",
      unit: "k/s",
      amount: one.count,
      run: decodeAll([one.bytes], useBody),
      control: lazy,
    },
    {
      name: "… with ids as strings",
      unit: "k/s",
      amount: one.count,
      run: decodeAll([one.bytes], useStrings),
      control: lazy,
    },
    {
      name: "… one frame a read",
      unit: "k/s",
      amount: singles.length,
      run: decodeAll(singles, count),
      control: lazy,
    },
    {
      name: "… in 1000 B reads",
      unit: "k/s",
      amount: one.count,
      run: decodeAll(cut(one.bytes, 1000), count),
      control: lazy,
    },
    {
      name: "200 OK, 64 KiB reads",
      unit: "k/s",
      amount: answers.count,
      run: decodeAll([answers.bytes], count),
    },
    {
      name: "write SEND 100 B",
      unit: "k/s",
      amount: 100,
      run: () => {
        for (let index = 0; index < 100; index++) {
          writer.request({
            transactionId: id,
            method: "SEND",
            toPath,
            fromPath,
            headers,
            contentType: "text/plain",
            body: small,
          });
        }
        sinkhole = writer.take().length;
      },
    },
    {
      name: "write 200 OK",
      unit: "k/s",
      amount: 100,
      run: () => {
        for (let index = 0; index < 100; index++)
          writer.response({ transactionId: id, status: 200, toPath, fromPath });
        sinkhole = writer.take().length;
      },
    },
  ];
}

/** Runs every case in turns and returns the best rate of each: what disturbs a round can only make it slower. */
export function measure(): WireResult[] {
  const all = cases();
  const best = all.map(() => 0);
  const calls = all.map(({ run }) => {
    const began = performance.now();
    let times = 0;
    while (performance.now() - began < 60) {
      run();
      times++;
    }
    return Math.max(1, Math.ceil((times * roundMs) / 60));
  });
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run, amount }] of all.entries()) {
      const times = calls[index] as number;
      const began = performance.now();
      for (let call = 0; call < times; call++) run();
      const rate = (amount * times) / (performance.now() - began);
      best[index] = Math.max(best[index] as number, rate);
    }
  }
  const rateOf = (name: string): number => best[all.findIndex((item) => item.name === name)] as number;
  if (Number.isNaN(sinkhole)) throw new Error("The optimiser must not see through this");
  return all.map(({ name, unit, control, least }) => ({
    name,
    unit,
    rate: unit === "MB/s" ? rateOf(name) / 1000 : rateOf(name),
    ...(control === undefined ? {} : { control, ratio: rateOf(name) / rateOf(control) }),
    ...(least === undefined ? {} : { least }),
  }));
}

console.log(JSON.stringify(measure()));
