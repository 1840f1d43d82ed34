/**
 * The parameter lists of WWW-Authenticate, Authorization and Authentication-Info (RFC 4976 §7): `name=token` and
 * `name="text"`, parted by commas. Reading takes what deployed peers write; writing quotes as the RFC's grammar says.
 */
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";

/** Most parameters in one header field; Digest has twelve. */
export const MAX_DIGEST_FIELDS = 32;

/** The parameters of one challenge, one set of credentials or one Authentication-Info. */
export interface DigestFields {
  /** The scheme as written, such as `"Digest"`; `undefined` in Authentication-Info, which has none. */
  readonly scheme: string | undefined;
  /** Values by lower-case name, quotes and escapes removed. */
  readonly values: ReadonlyMap<string, string>;
}

const token = /[!#$%&'*+\-.^_`|~0-9A-Za-z]+/y;
// More than a token has, because deployed peers write more.
const bare = /[^\s",]*/y;
const blanks = /[ \t]*/y;
const separators = /[ \t,]*/y;
const token68 = /[0-9A-Za-z\-._~+/]+=*[ \t]*(?=,|$)/y;
const control = /[\u0000-\u0008\u000a-\u001f\u007f]/;
const unusual = /["\\\u0000-\u001f\u007f]/;

const quote = 34;
const comma = 44;
const equalsSign = 61;
const backslash = 92;

/**
 * Reads the value of WWW-Authenticate or Authorization. One value may hold several challenges (RFC 7235 §4.1).
 *
 * @throws RemoteProtocolError `"digest-syntax"`
 */
export function parseDigestFields(text: string): DigestFields[] {
  return new Reader(text).read(true);
}

/**
 * Reads the value of Authentication-Info, which has no scheme.
 *
 * @throws RemoteProtocolError `"digest-syntax"`
 */
export function parseInfoFields(text: string): ReadonlyMap<string, string> {
  return new Reader(text).read(false)[0]!.values;
}

/**
 * Writes a text as a quoted-string.
 *
 * @throws LocalProtocolError `"digest-syntax"` for control characters
 */
export function quoted(text: string): string {
  if (!unusual.test(text)) return `"${text}"`;
  if (control.test(text) || text.includes("\t")) {
    throw new LocalProtocolError("digest-syntax", "Cannot quote a text with control characters");
  }
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

class Reader {
  readonly #text: string;
  #at = 0;
  #count = 0;

  constructor(text: string) {
    if (control.test(text)) throw fault("a control character");
    this.#text = text;
  }

  read(schemed: boolean): DigestFields[] {
    const groups: { scheme: string | undefined; values: Map<string, string> }[] = [];
    if (!schemed) groups.push({ scheme: undefined, values: new Map() });
    for (;;) {
      this.#take(separators);
      if (this.#at === this.#text.length) break;
      const name = this.#take(token);
      if (name === "") throw fault("no name where one must be");
      const parted = this.#take(blanks) !== "";
      const group = groups.at(-1);
      if (this.#text.charCodeAt(this.#at) === equalsSign) {
        this.#at++;
        const value = this.#value();
        if (group === undefined) throw fault("a parameter without value or scheme");
        this.#store(group.values, name.toLowerCase(), value);
      } else {
        if (!schemed) throw fault("a parameter without value or scheme");
        groups.push({ scheme: name, values: new Map() });
        // Other schemes put a lump of base64 where Digest has parameters.
        if (parted) this.#take(token68);
      }
    }
    if (groups.length === 0) throw fault("nothing");
    return groups;
  }

  /** What stands behind "=", up to the comma or the end that must follow. */
  #value(): string {
    this.#take(blanks);
    const value = this.#text.charCodeAt(this.#at) === quote ? this.#quotedText() : this.#take(bare);
    this.#take(blanks);
    const next = this.#text.charCodeAt(this.#at);
    if (this.#at < this.#text.length && next !== comma) throw fault("no comma where one must be");
    return value;
  }

  #quotedText(): string {
    const text = this.#text;
    const start = this.#at + 1;
    let end = text.indexOf('"', start);
    const escaped = text.indexOf("\\", start);
    if (escaped < 0 || escaped > end) {
      if (end < 0) throw fault("a quote that does not end");
      this.#at = end + 1;
      return text.slice(start, end);
    }
    for (end = escaped; text.charCodeAt(end) !== quote; end++) {
      if (text.charCodeAt(end) === backslash) end++;
      if (end >= text.length) throw fault("a quote that does not end");
    }
    this.#at = end + 1;
    return text.slice(start, end).replace(/\\([\s\S])/g, "$1");
  }

  #store(values: Map<string, string>, key: string, given: string): void {
    // RFC 7616 §3.3: a parameter that occurs twice could mean one thing here and another thing there.
    if (values.has(key)) throw fault("a parameter that occurs twice");
    if (++this.#count > MAX_DIGEST_FIELDS) throw fault(`more than ${MAX_DIGEST_FIELDS} parameters`);
    values.set(key, given);
  }

  /** What stands here of a sticky pattern, or "". */
  #take(pattern: RegExp): string {
    const start = this.#at;
    pattern.lastIndex = start;
    if (!pattern.test(this.#text)) return "";
    this.#at = pattern.lastIndex;
    return this.#text.slice(start, this.#at);
  }
}

/** The value itself holds credentials, so it does not go into the message. */
function fault(what: string): RemoteProtocolError {
  return new RemoteProtocolError("digest-syntax", `Cannot parse a Digest header field: it has ${what}`);
}
