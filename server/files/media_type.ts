/**
 * Media types for files that are sent, and extensions for messages that arrive without a name.
 * The short table covers what people attach to chats; everything else is application/octet-stream.
 */

const TYPES: Readonly<Record<string, string>> = {
  txt: "text/plain;charset=utf-8",
  md: "text/markdown;charset=utf-8",
  html: "text/html;charset=utf-8",
  csv: "text/csv;charset=utf-8",
  json: "application/json",
  xml: "application/xml",
  pdf: "application/pdf",
  zip: "application/zip",
  gz: "application/gzip",
  png: "image/png",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  gif: "image/gif",
  webp: "image/webp",
  svg: "image/svg+xml",
  mp3: "audio/mpeg",
  ogg: "audio/ogg",
  wav: "audio/wav",
  mp4: "video/mp4",
  webm: "video/webm",
};

/** The type of what people type. */
export const TEXT = "text/plain;charset=utf-8";

/** The type of octets about which nothing is known. */
export const OCTET_STREAM = "application/octet-stream";

/** Media type of a file by its extension. */
export function mediaTypeOf(fileName: string): string {
  const dot = fileName.lastIndexOf(".");
  return (dot < 0 ? undefined : TYPES[fileName.slice(dot + 1).toLowerCase()]) ?? OCTET_STREAM;
}

/** Extension (with its dot) for a media type, or an empty string; parameters of the type do not matter. */
export function extensionFor(contentType: string): string {
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  if (type === OCTET_STREAM) return "";
  const found = Object.entries(TYPES).find(([, known]) => known.split(";")[0] === type);
  return found === undefined ? "" : `.${found[0]}`;
}

/** True for types whose octets may be printed on a terminal. */
export function isText(contentType: string): boolean {
  return /^\s*(text\/|application\/(json|xml)\b|[^;]*\+(json|xml)\b)/i.test(contentType);
}
