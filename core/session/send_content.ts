/**
 * What callers of `send` have in their hands, made into what the outbox reads: one octet array for all kinds of arrays,
 * and the stream of an open file. The runtimes agree on neither.
 */
import type { BodyContent, OpenFile, SendContent } from "./sent.ts";

/** The same octets as a `BodyContent`; what is none of these is handed on, and refused where it is read. */
export function bodyContent(content: SendContent): BodyContent {
  if (typeof content === "string" || content instanceof Uint8Array) return content;
  const bytes = octets(content);
  if (bytes !== undefined) return bytes;
  const stream = content as Partial<ReadableStream & AsyncIterable<Uint8Array>> | null;
  const readable = typeof stream?.getReader === "function" || stream?.[Symbol.asyncIterator] !== undefined;
  if (content instanceof Blob || readable) return content as BodyContent;
  return fileStream(content as OpenFile | null) ?? (content as BodyContent);
}

/** The octets of any array or buffer, without a copy; undefined for anything else. */
export function octets(value: unknown): Uint8Array | undefined {
  if (value instanceof Uint8Array) return value;
  // Node's FileHandle.readableWebStream() gives buffers and no arrays.
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  return undefined;
}

function fileStream(file: OpenFile | null): BodyContent | undefined {
  if (typeof file !== "object" || file === null) return undefined;
  if ("createReadStream" in file && typeof file.createReadStream === "function")
    return file.createReadStream();
  if ("readable" in file && typeof file.readable?.getReader === "function") return file.readable;
  return undefined;
}
