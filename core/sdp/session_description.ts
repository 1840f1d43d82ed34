/**
 * A session description (RFC 8866): read, looked at, written back. What was not changed stays byte for byte,
 * unknown attributes and streams of other kinds included.
 */
import { LocalProtocolError, RemoteProtocolError } from "../errors.ts";
import { type ConnectionAddress, type Origin, readConnection, readOrigin, readTiming } from "./fields.ts";
import { joinLines, masked, type OnOddity, readLines, type SdpLine, type SdpOddity } from "./lines.ts";
import { isMsrp, MediaSection, readAttributes, type SdpAttribute } from "./media_section.ts";
import { type MsrpMedia, readMsrpMedia } from "./msrp_media.ts";

/** How to read. */
export interface ReadOptions {
  /** Refuse everything that the grammars forbid, also what deployed peers are known to send. @default false */
  readonly strict?: boolean;
}

/** A session description. */
export class SessionDescription {
  /** The o= line. */
  readonly origin: Origin;
  /** The s= line. */
  readonly name: string;
  /** The t= lines with their repeats and zones, each with CRLF: an answer copies them (RFC 3264 §6). */
  readonly timing: string;
  /** The a= lines of the session level. */
  readonly attributes: readonly SdpAttribute[];
  /** All streams in their order, whatever their medium. */
  readonly media: readonly MediaSection[];
  /** The MSRP streams among them. */
  readonly msrp: readonly MsrpMedia[];
  /** What tolerant reading let through; always empty after strict reading. */
  readonly oddities: readonly SdpOddity[];
  readonly #session: readonly SdpLine[];

  private constructor(text: string, strict: boolean) {
    const oddities: SdpOddity[] = [];
    const onOddity: OnOddity = (code, detail, strictCode) => {
      if (!strict) oddities.push({ code, detail: masked(detail) });
      else if (strictCode !== "")
        throw new RemoteProtocolError(strictCode, `Cannot read SDP: ${code}: "${masked(detail)}"`);
    };
    const { session, media } = readLines(text, onOddity);
    const value = (type: string): string | undefined => session.find((line) => line.type === type)?.value;
    this.origin = readOrigin(value("o") ?? "");
    this.name = value("s") ?? "";
    for (const line of session) if (line.type === "t") readTiming(line.value);
    const times = session.filter((line) => line.type !== "" && "trz".includes(line.type));
    this.timing = times.map((line) => `${line.raw}\r\n`).join("");
    this.attributes = readAttributes(session);
    const connection = readSessionConnection(value("c"), media);
    this.media = media.map((lines, index) => new MediaSection(index, lines, connection, onOddity));
    this.msrp = this.media
      .filter(({ line }) => isMsrp(line))
      .map((section) => readMsrpMedia(section, this.attributes, onOddity));
    this.oddities = oddities;
    this.#session = session;
  }

  /**
   * Reads a description.
   *
   * @throws RemoteProtocolError whose `code` names the first fault, for example `bad-order` or `missing-path`
   */
  static parse(text: string, options?: ReadOptions): SessionDescription {
    return new SessionDescription(text, options?.strict ?? false);
  }

  /** The MSRP view of the stream at `index`; `undefined` for a stream of another kind. */
  msrpAt(index: number): MsrpMedia | undefined {
    return this.msrp.find((media) => media.index === index);
  }

  /**
   * The same description with another section in one place, for example an MSRP stream put into an offer of a
   * WebRTC stack. All other lines stay as they are.
   *
   * @param section m= line and what belongs below it, with line endings
   * @throws LocalProtocolError `bad-index`; RemoteProtocolError when the result is no description
   */
  replaceMedia(index: number, section: string): SessionDescription {
    if (this.media[index] === undefined)
      throw new LocalProtocolError("bad-index", `Cannot replace stream ${index}`);
    const sections = this.media.map((media) => (media.index === index ? section : media.text));
    return SessionDescription.parse(joinLines(this.#session) + sections.join(""));
  }

  /** The description as text; what was read comes back byte for byte. */
  toString(): string {
    return joinLines(this.#session) + this.media.map((media) => media.text).join("");
  }
}

// Session-level c= of a description without MSRP may be multicast, which is nothing of ours to refuse.
function readSessionConnection(
  value: string | undefined,
  media: readonly (readonly SdpLine[])[],
): ConnectionAddress | undefined {
  if (value === undefined) return undefined;
  try {
    return readConnection(value);
  } catch (error) {
    const applies = media.some(
      (lines) =>
        / TCP(?:\/TLS)?\/MSRP /.test(lines[0]?.value ?? "") && !lines.some(({ type }) => type === "c"),
    );
    if (applies) throw error;
    const [, type = "", address = ""] = value.split(" ");
    return { addressType: type === "IP6" ? "IP6" : "IP4", address };
  }
}
