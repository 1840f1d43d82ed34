/**
 * A block of MIME headers (RFC 2045): lines, folding, names without regard to case. Shared by the content of CPIM
 * messages and the parts of a multipart.
 */
import { parseMediaType } from "../core/mod.ts";

/** Fields in order: names as written, values unfolded. */
export type MimeFields = readonly (readonly [name: string, value: string])[];

/** Cuts a block into fields; continuation lines are joined with one space, lines without a colon left out. */
export function parseMimeFields(block: string): MimeFields {
  const lines: string[] = [];
  for (const piece of block.split("\n")) {
    const line = piece.endsWith("\r") ? piece.slice(0, -1) : piece;
    const goesOn = line.startsWith(" ") || line.startsWith("\t");
    if (goesOn && lines.length > 0) lines.push(`${lines.pop()} ${line.trim()}`);
    else lines.push(line);
  }
  return lines.flatMap((line) => {
    const colon = line.indexOf(":");
    return colon > 0 ? [[line.slice(0, colon).trim(), line.slice(colon + 1).trim()] as const] : [];
  });
}

/** Value of the first field of a name, in whatever letters. */
export function mimeField(fields: MimeFields, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return fields.find(([one]) => one.toLowerCase() === wanted)?.[1];
}

/** The first word of a value in lower case, without parameters: "notification" of a Content-Disposition. */
export function mimeWord(value: string | undefined): string | undefined {
  if (value === undefined || value === lastValue) return value === undefined ? undefined : lastWord;
  const end = value.indexOf(";");
  lastWord = (end < 0 ? value : value.slice(0, end)).trim().toLowerCase();
  lastValue = value;
  return lastWord;
}

// Steady traffic has one type, and each message is asked about several times.
let lastValue: string | undefined;
let lastWord: string | undefined;

/** A decoder for the charset of a media type, for UTF-8 when it names none or one that the runtime does not know. */
export function textDecoder(contentType: string | undefined): TextDecoder {
  const charset =
    contentType === undefined ? undefined : parseMediaType(contentType)?.parameters.get("charset");
  try {
    // "utf8" is no registered name, but seen, and decoders know it.
    const label = (charset ?? "utf-8") as ConstructorParameters<typeof TextDecoder>[0];
    return new TextDecoder(label, { ignoreBOM: true });
  } catch {
    return new TextDecoder("utf-8", { ignoreBOM: true });
  }
}

/**
 * Undoes a Content-Transfer-Encoding that changes octets: base64 and quoted-printable. Any other gives the octets as they
 * are; base64 that is none gives undefined.
 */
export function decodeTransfer(encoding: string | undefined, octets: Uint8Array): Uint8Array | undefined {
  const name = mimeWord(encoding);
  if (name === "base64") return fromBase64(octets);
  return name === "quoted-printable" ? fromQuotedPrintable(octets) : octets;
}

function fromBase64(octets: Uint8Array): Uint8Array | undefined {
  try {
    const binary = atob(new TextDecoder().decode(octets));
    return Uint8Array.from(binary, (char) => char.charCodeAt(0));
  } catch {
    return undefined;
  }
}

const LF = 0x0a;
const CR = 0x0d;
const EQUALS = 0x3d;

function fromQuotedPrintable(octets: Uint8Array): Uint8Array {
  const decoded = new Uint8Array(octets.length);
  let length = 0;
  for (let index = 0; index < octets.length; index++) {
    const octet = octets[index] as number;
    const first = octets[index + 1];
    const value = octet === EQUALS ? hexValue(first) * 16 + hexValue(octets[index + 2]) : Number.NaN;
    if (octet !== EQUALS) decoded[length++] = octet;
    else if (first === LF) index += 1;
    else if (first === CR && octets[index + 2] === LF) index += 2;
    else if (Number.isNaN(value)) decoded[length++] = octet;
    else {
      decoded[length++] = value;
      index += 2;
    }
  }
  return decoded.subarray(0, length);
}

function hexValue(octet: number | undefined): number {
  const digit = octet === undefined ? "" : String.fromCharCode(octet);
  return /^[0-9A-Fa-f]$/.test(digit) ? Number.parseInt(digit, 16) : Number.NaN;
}
