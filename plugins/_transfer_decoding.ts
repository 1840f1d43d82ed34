/**
 * Undoes a Content-Transfer-Encoding (RFC 2045 §6) while the octets come, so that what a part holds can be looked at.
 * Nothing is refused: what is no legal encoding is left out, as mail programs do.
 */

/** Gives the octets that the next encoded ones stand for. */
export type TransferDecoder = (bytes: Uint8Array) => Uint8Array;

/** Makes what undoes an encoding; undefined for those that change nothing, and for unknown ones. */
export function transferDecoder(encoding: string): TransferDecoder | undefined {
  if (encoding === "base64") return base64();
  if (encoding === "quoted-printable") return quotedPrintable();
  return undefined;
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const values: Int8Array = new Int8Array(256).fill(-1);
for (let index = 0; index < 64; index++) values[alphabet.charCodeAt(index)] = index;

function base64(): TransferDecoder {
  let bits = 0;
  let count = 0;
  return (bytes) => {
    const decoded = new Uint8Array(Math.ceil((bytes.length * 3) / 4) + 3);
    let length = 0;
    for (const byte of bytes) {
      const value = values[byte] as number;
      if (value < 0) {
        if (byte === 0x3d) count = bits = 0; // "=" ends a run
        continue;
      }
      bits = (bits << 6) | value;
      count += 6;
      if (count < 8) continue;
      count -= 8;
      decoded[length++] = (bits >> count) & 0xff;
      bits &= (1 << count) - 1;
    }
    return decoded.subarray(0, length);
  };
}

function quotedPrintable(): TransferDecoder {
  let pending = ""; // "=", or "=" and what follows it
  return (bytes) => {
    const decoded = new Uint8Array(bytes.length + 2);
    let length = 0;
    for (const byte of bytes) {
      if (pending === "") {
        if (byte === 0x3d) pending = "=";
        else decoded[length++] = byte;
        continue;
      }
      pending += String.fromCharCode(byte);
      if (byte === 0x0a)
        pending = ""; // a soft line break
      else if (pending === "=\r") continue;
      else if (/^=[0-9A-Fa-f]{2}$/.test(pending)) {
        decoded[length++] = Number.parseInt(pending.slice(1), 16);
        pending = "";
      } else if (!/^=[0-9A-Fa-f]$/.test(pending)) pending = "";
    }
    return decoded.subarray(0, length);
  };
}
