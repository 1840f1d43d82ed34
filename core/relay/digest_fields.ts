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

// Alternatives of each repetition begin with different characters, so that nothing backtracks.
const parameter =
  /([!#$%&'*+\-.^_`|~0-9A-Za-z]+)([ \t]*)(?:=[ \t]*(?:"([^"\\]*(?:\\[\s\S][^"\\]*)*)"|([^\s",]*))[ \t]*(?=,|$))?/y;
const token68 = /[0-9A-Za-z\-._~+/]+=*[ \t]*(?=,|$)/y;
const needsEscape = /["\\]/;
const control = /[\u0000-\u0008\u000a-\u001f\u007f]/;

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
  if (control.test(text) || text.includes("\t")) {
    throw new LocalProtocolError("digest-syntax", "Cannot quote a text with control characters");
  }
  return needsEscape.test(text) ? `"${text.replace(/["\\]/g, "\\$&")}"` : `"${text}"`;
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
      this.#skipBlanks();
      if (this.#at === this.#text.length) break;
      const word = this.#take(parameter);
      if (word === undefined) throw fault("no name where one must be");
      const name = word[1]!;
      const text = word[3];
      const given = text ?? word[4];
      const group = groups.at(-1);
      if (given !== undefined && group !== undefined) {
        const escaped = text?.includes("\\") === true;
        this.#store(group.values, name.toLowerCase(), escaped ? given.replace(/\\([\s\S])/g, "$1") : given);
      } else if (given === undefined && schemed) {
        groups.push({ scheme: name, values: new Map() });
        // Other schemes put a lump of base64 where Digest has parameters.
        if (word[2] !== "") this.#take(token68);
      } else {
        throw fault("a parameter without value or scheme");
      }
    }
    if (groups.length === 0) throw fault("nothing");
    return groups;
  }

  #store(values: Map<string, string>, key: string, given: string): void {
    // RFC 7616 §3.3: a parameter that occurs twice could mean one thing here and another thing there.
    if (values.has(key)) throw fault("a parameter that occurs twice");
    if (++this.#count > MAX_DIGEST_FIELDS) throw fault(`more than ${MAX_DIGEST_FIELDS} parameters`);
    values.set(key, given);
  }

  #skipBlanks(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 32 && code !== 9 && code !== 44) return;
      this.#at++;
    }
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at;
    const match = pattern.exec(this.#text);
    if (match === null) return undefined;
    this.#at = pattern.lastIndex;
    return match;
  }
}

/** The value itself holds credentials, so it does not go into the message. */
function fault(what: string): RemoteProtocolError {
  return new RemoteProtocolError("digest-syntax", `Cannot parse a Digest header field: it has ${what}`);
}
