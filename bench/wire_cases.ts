// The wire benchmark on the runtime that runs it: each case next to its control, in turns, best of many short rounds.
// Prints one JSON array for the group named on the command line. `wire.ts` runs each group on every runtime in a process
// of its own, because compilers specialise a decoder for what it has seen.
import process from "node:process";
import { joinBytes } from "../core/wire/join_bytes.ts";
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
  return { bytes: joinBytes(parts), count: parts.length };
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

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const small = filled(100, (index) => letters.charCodeAt(index % 64));
const ids = Array.from({ length: 64 }, (_, index) => `${id.slice(0, 13)}${String(index).padStart(3, "x")}`);

const groups: Readonly<Record<string, () => Case[]>> = { bodies, messages, pieces, writing };

function bodies(): Case[] {
  let seed = 1;
  const random = filled(mebibyte, () => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) | 0;
    return (seed >>> 16) & 255;
  });
  const idBytes = new TextEncoder().encode(id);
  const binary = send(random, id);
  const text = send(
    filled(mebibyte, (index) => letters.charCodeAt((random[index] as number) & 63)),
    id,
  );
  const hyphens = send(
    filled(mebibyte, () => 45),
    id,
  );
  const target = new Uint8Array(mebibyte);
  const search = "bare skip search";
  const textSearch = `${search}, text`;
  const cutBody = "body 1 MiB in 64 KiB reads";
  const base = { unit: "MB/s", amount: mebibyte } as const;
  const bare = (frame: Uint8Array) => () => {
    sinkhole = bareSkipSearch(frame, 0, frame.length, idBytes);
  };
  const bodyOf = (name: string, pieces: readonly Uint8Array[], control: string, least?: number): Case => ({
    ...base,
    name,
    run: decodeAll(pieces, count),
    control,
    ...(least === undefined ? {} : { least }),
  });
  return [
    { ...base, name: "memcpy 1 MiB", run: () => target.set(random) },
    { ...base, name: search, run: bare(binary) },
    { ...base, name: textSearch, run: bare(text) },
    bodyOf("body 1 MiB binary", [binary], search, 0.7),
    bodyOf("body 1 MiB text", [text], textSearch, 0.7),
    bodyOf(cutBody, cut(binary, 65_536), search),
    bodyOf("body 1 MiB of hyphens", [hyphens], "body 1 MiB binary", 0.3),
    bodyOf("hyphens in 64 KiB reads", cut(hyphens, 65_536), cutBody, 0.3),
  ];
}

const lazy = "bare lazy scanner";
const one = packed(ids.map((name) => send(small, name)));

function scanner(): Case {
  const record = bareRecord();
  const run = (): void => {
    for (let at = 0; at < one.bytes.length; ) at = bareScan(one.bytes, at, one.bytes.length, record);
    sinkhole = record.bodyEnd;
  };
  return { name: lazy, unit: "k/s", amount: one.count, run };
}

function reading(
  name: string,
  pieces: readonly Uint8Array[],
  amount: number,
  least?: number,
  use: (frame: Frame) => void = count,
): Case {
  const run = decodeAll(pieces, use);
  return { name, unit: "k/s", amount, run, control: lazy, ...(least === undefined ? {} : { least }) };
}

function messages(): Case[] {
  const paths = ids.slice(0, 8).map((name) => [MsrpUri.parse(`msrp://bob.biloxi.example:12051/${name};tcp`)]);
  const eight = packed(ids.map((name, index) => send(small, name, paths[index % 8])));
  return [
    scanner(),
    reading("SEND 100 B, 64 KiB reads", [one.bytes], one.count, 0.5),
    reading("… of 8 sessions", [eight.bytes], eight.count, 0.5),
  ];
}

function pieces(): Case[] {
  const response = { status: 200, toPath: fromPath, fromPath: toPath };
  const answers = packed(ids.map((transactionId) => encodeResponse({ transactionId, ...response })));
  const singles = ids.map((name) => send(small, name));
  return [
    scanner(),
    reading("SEND 100 B with body view", [one.bytes], one.count, undefined, useBody),
    reading("… with ids as strings", [one.bytes], one.count, undefined, useStrings),
    reading("… one frame a read", singles, singles.length),
    reading("… in 1000 B reads", cut(one.bytes, 1000), one.count),
    reading("200 OK, 64 KiB reads", [answers.bytes], answers.count),
  ];
}

function writing(): Case[] {
  const writer = new FrameWriter();
  const headers = [
    ["Message-ID", `m${id}`],
    ["Byte-Range", "1-100/100"],
  ] as const;
  const request = {
    transactionId: id,
    method: "SEND",
    toPath,
    fromPath,
    headers,
    contentType: "text/plain",
    body: small,
  };
  const response = { transactionId: id, status: 200, toPath, fromPath };
  const times = (write: () => void) => () => {
    for (let index = 0; index < 100; index++) write();
    sinkhole = writer.take().length;
  };
  return [
    { name: "write SEND 100 B", unit: "k/s", amount: 100, run: times(() => writer.request(request)) },
    { name: "write 200 OK", unit: "k/s", amount: 100, run: times(() => writer.response(response)) },
  ];
}

/** Runs every case in turns and returns the best rate of each: what disturbs a round can only make it slower. */
function measure(all: readonly Case[]): WireResult[] {
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

const group = groups[process.argv[2] ?? ""];
if (group === undefined) throw new Error(`Name one of ${Object.keys(groups).join(", ")}`);
console.log(JSON.stringify(measure(group())));
