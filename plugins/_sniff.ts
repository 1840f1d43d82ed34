/**
 * Compares a declared media type with what the first octets show. The signatures are those of the file-type library;
 * here stands which names mean the same thing.
 */
import { fileTypeFromBuffer, supportedMimeTypes } from "file-type/core";

/** Octets from the beginning that are enough to tell nearly every type. */
export const sniffBytes = 4100;

/** The type that the octets show, without parameters; undefined when they show none. */
export async function sniff(bytes: Uint8Array): Promise<string | undefined> {
  const found = await fileTypeFromBuffer(bytes);
  return found?.mime.split(";")[0]?.trim().toLowerCase();
}

/**
 * Why a declared type cannot be that of the octets; undefined when it may be.
 *
 * @param declared in lower case, without parameters @param found what `sniff` gave
 * @param charset that of the declared type, in lower case
 */
export function contradiction(
  declared: string,
  charset: string,
  found: string | undefined,
  bytes: Uint8Array,
): string | undefined {
  // A type that says nothing contradicts nothing; what was found is judged instead.
  if (isUnspecific(declared)) return undefined;
  if (found !== undefined) {
    return sameKind(declared, found) ? undefined : `declared ${declared}, looks like ${found}`;
  }
  if (declared.startsWith("text/") && !/^(?:utf-?(?:16|32)|ucs)/.test(charset) && bytes.includes(0)) {
    return `declared ${declared}, but is no text`;
  }
  return bytes.length > 0 && hasSignature(declared)
    ? `declared ${declared}, does not look like it`
    : undefined;
}

/** True for types that only say that there are octets. */
export function isUnspecific(type: string): boolean {
  return type === "" || type === "application/octet-stream" || type === "binary/octet-stream";
}

const names: Readonly<Record<string, string>> = {
  "image/jpg": "image/jpeg",
  "image/pjpeg": "image/jpeg",
  "image/x-png": "image/png",
  "image/apng": "image/png",
  "image/x-ms-bmp": "image/bmp",
  "image/vnd.microsoft.icon": "image/x-icon",
  "image/heic-sequence": "image/heif",
  "image/heif-sequence": "image/heif",
  "image/heic": "image/heif",
  "audio/mp3": "audio/mpeg",
  "audio/x-mpeg": "audio/mpeg",
  "audio/vnd.wave": "audio/wav",
  "audio/wave": "audio/wav",
  "audio/x-wav": "audio/wav",
  "audio/x-flac": "audio/flac",
  "audio/x-aiff": "audio/aiff",
  "audio/amr-wb": "audio/amr",
  "audio/x-midi": "audio/midi",
  "video/avi": "video/vnd.avi",
  "video/x-msvideo": "video/vnd.avi",
  "video/x-matroska": "video/matroska",
  "audio/x-matroska": "video/matroska",
  "audio/webm": "video/webm",
  "application/x-gzip": "application/gzip",
  "application/x-tgz": "application/gzip",
  "application/x-zip-compressed": "application/zip",
  "application/vnd.rar": "application/x-rar-compressed",
  "application/x-pdf": "application/pdf",
  "text/rtf": "application/rtf",
  "text/xml": "application/xml",
  "text/x-vcard": "text/vcard",
  "text/directory": "text/vcard",
  "application/vnd.microsoft.portable-executable": "application/x-msdownload",
  "application/x-dosexec": "application/x-msdownload",
};

// Containers that several types share; what is in them shows late, or not at all.
const bmff: RegExp = /^(?:video\/(?:mp4|quicktime|3gpp2?|x-m4v)|audio\/(?:mp4|x-m4a|3gpp2?|m4a|aac))$/;
const ogg: RegExp = /^(?:audio|video|application)\/(?:ogg|opus)$/;
const asf: RegExp = /^(?:audio|video)\/x-(?:ms-asf|ms-wm[av])$|^application\/vnd\.ms-asf$/;

function sameKind(declared: string, found: string): boolean {
  const [a, b] = [names[declared] ?? declared, names[found] ?? found];
  if (a === b) return true;
  for (const family of [bmff, ogg, asf]) if (family.test(a) && family.test(b)) return true;
  if (b === "application/xml") return /\+xml$|^text\/(?:xml|html)$|^application\/(?:xml|xhtml)/.test(a);
  if (b === "application/zip") {
    return /\+zip$|^application\/(?:vnd\.(?:openxmlformats-|oasis\.opendocument|ms-|android)|java-archive|x-xpinstall)/.test(
      a,
    );
  }
  if (b === "application/x-cfb") return /^application\/(?:msword|vnd\.(?:ms-|visio))/.test(a);
  return false;
}

// Types of these families are told by their first octets, all of them that the library knows.
function hasSignature(declared: string): boolean {
  const type = names[declared] ?? declared;
  if (!/^(?:image|video)\/|^application\/(?:pdf|zip|gzip|x-7z-compressed|x-rar-compressed)$/.test(type))
    return false;
  return (supportedMimeTypes as ReadonlySet<string>).has(type);
}
