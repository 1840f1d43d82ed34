/**
 * One m= line with the lines below it, whatever its medium. Sections of other kinds pass through untouched:
 * their lines are kept as they were written, and only the m= and c= lines are understood.
 */
import { RemoteProtocolError } from "../errors.ts";
import { type ConnectionAddress, type MediaLine, readConnection, readMediaLine } from "./fields.ts";
import { joinLines, type OnOddity, type SdpLine } from "./lines.ts";

/** An a= line: a flag, or a name with everything after the first colon (RFC 8866 §5.13). */
export interface SdpAttribute {
  /** Name; compares exactly. */
  readonly name: string;
  /** Value as it was written, blanks included; `undefined` for a flag. */
  readonly value: string | undefined;
}

/** One media description. */
export class MediaSection {
  /** Position among the m= lines, from 0; answers keep it (RFC 3264 §6). */
  readonly index: number;
  /** The m= line. */
  readonly line: MediaLine;
  /** The stream's own c= line, else the session's; `undefined` when there is none, as a refused stream may have it. */
  readonly connection: ConnectionAddress | undefined;
  /** The a= lines in their order. */
  readonly attributes: readonly SdpAttribute[];
  readonly #lines: readonly SdpLine[];

  /** @throws RemoteProtocolError `bad-media-line`, `bad-port`, `bad-connection`, `missing-connection` */
  constructor(
    index: number,
    lines: readonly SdpLine[],
    inherited: ConnectionAddress | undefined,
    onOddity: OnOddity,
  ) {
    this.index = index;
    this.#lines = lines;
    this.line = readMediaLine(lines[0]?.value ?? "");
    const connections = lines.filter((line) => line.type === "c");
    if (connections.length > 1) onOddity("several-connections", this.text, "bad-connection");
    this.connection =
      connections[0] === undefined ? inherited : readConnectionOf(connections[0].value, this.line);
    if (this.connection === undefined && this.line.port !== 0) {
      throw new RemoteProtocolError(
        "missing-connection",
        `Cannot read stream ${index}: no c= line applies to it`,
      );
    }
    this.attributes = readAttributes(lines);
  }

  /** Values of the attributes called `name`, in order; a flag counts as `""`. */
  values(name: string): string[] {
    return this.attributes.filter((attribute) => attribute.name === name).map(({ value }) => value ?? "");
  }

  /** The first value of the attribute called `name`, `""` for a flag; `undefined` when the stream has no such line. */
  value(name: string): string | undefined {
    return this.values(name)[0];
  }

  /** The section as it was written. */
  get text(): string {
    return joinLines(this.#lines);
  }
}

/** The a= lines among `lines`. */
export function readAttributes(lines: readonly SdpLine[]): SdpAttribute[] {
  return lines
    .filter((line) => line.type === "a")
    .map(({ value }) => {
      const colon = value.indexOf(":");
      return colon < 0
        ? { name: value, value: undefined }
        : { name: value.slice(0, colon), value: value.slice(colon + 1) };
    });
}

// Multicast streams of other kinds write their addresses with a slash; that is theirs to understand.
function readConnectionOf(value: string, line: MediaLine): ConnectionAddress {
  if (isMsrp(line)) return readConnection(value);
  const [, type = "", address = ""] = value.split(" ");
  return { addressType: type === "IP6" ? "IP6" : "IP4", address };
}

/** Whether an m= line is MSRP over TCP or TLS (RFC 4975 §8.1). */
export function isMsrp(line: MediaLine): boolean {
  return line.proto === "TCP/MSRP" || line.proto === "TCP/TLS/MSRP";
}
