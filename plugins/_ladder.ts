/**
 * Draws a session as a ladder in plain text: a column for each connection and one for this node, and an arrow for each
 * frame. It shows no URI and no content, so that it may be passed on.
 */
import type { FramePiece } from "./_frame_cutter.ts";
import type { Direction } from "./_tcp_packets.ts";

const span = 44; // from one column to the next
const margin = 11; // for the time
const maxColumns = 4;

/** One ladder; gives lines as things happen. */
export class Ladder {
  readonly #title: string;
  readonly #begin: number;
  readonly #node: string;
  readonly #columns: string[] = [];

  /** @param begin time of the first event @param node what stands above the column of this node */
  constructor(title: string, begin: number, node: string) {
    this.#title = title;
    this.#begin = begin;
    this.#node = node;
  }

  /** A further connection; returns its number, and what is to be written: the columns have changed. */
  connect(name: string): [column: number, text: string] {
    // A relay's session rarely has more than two; what comes later shares the last column.
    const index = Math.min(this.#columns.length, maxColumns - 1);
    this.#columns[index] = name;
    const title = index === 0 ? `${this.#title}\n` : "";
    const heads: readonly (readonly [string, number])[] = [
      [this.#node, 1],
      ...this.#columns.map((head, column) => [head, position(column)] as const),
    ];
    const row = new Array<string>(margin + (this.#width + 1) * span).fill(" ");
    for (const [head, at] of heads) put(row, margin + at * span - (head.length >> 1), head);
    return [index, `${title}\n${row.join("").trimEnd()}\n`];
  }

  /** A frame, or a piece of one. */
  frame(at: number, column: number, direction: Direction, piece: FramePiece): string {
    const { head, flag, first } = piece;
    const id = head?.transactionId.slice(0, 8) ?? "";
    const what = head === undefined ? "?" : (head.method ?? String(head.status));
    const label = first
      ? `${what} ${id}${flag === undefined ? " ..." : ` ${flag}`}`
      : `... ${id} ${flag ?? "..."}`;
    return this.#row(at, column, direction, label, details(piece));
  }

  /** The end of a connection. */
  closed(at: number, column: number, error: boolean): string {
    return this.#row(at, column, "transmitted", error ? "connection lost" : "connection closed", "");
  }

  get #width(): number {
    return Math.max(1, ...this.#columns.map((_, column) => position(column)));
  }

  #row(at: number, column: number, direction: Direction, label: string, text: string): string {
    const row = new Array<string>(margin + this.#width * span + 1).fill(" ");
    put(row, 0, ((at - this.#begin) / 1000).toFixed(3).padStart(margin - 2));
    for (let index = 0; index <= this.#width; index++) row[margin + index * span] = "|";
    const [left, right] = position(column) === 0 ? [0, 1] : [1, position(column)];
    const rightwards = (direction === "transmitted") === (left === 1);
    const dashes = "-".repeat((right - left) * span - 2);
    const middle = ` ${label} `.slice(0, dashes.length - 2);
    const start = (dashes.length - middle.length) >> 1;
    const line = dashes.slice(0, start) + middle + dashes.slice(start + middle.length);
    put(row, margin + left * span + 1, rightwards ? `${line}>` : `<${line}`);
    return `${row.join("")}${text === "" ? "" : `  ${text}`}\n`;
  }
}

// The first connection stands left of the node, further ones right of it.
function position(column: number): number {
  return column === 0 ? 0 : column + 1;
}

function put(row: string[], at: number, text: string): void {
  for (let index = 0; index < text.length; index++) row[Math.max(0, at) + index] = text[index] as string;
}

function details({ head, first, bodyBytes }: FramePiece): string {
  if (head === undefined) return "not MSRP";
  const parts = [
    head.comment,
    first ? head.byteRange : undefined,
    first ? head.contentType : undefined,
    bodyBytes > 0 ? `${bodyBytes} octets` : undefined,
  ];
  // What a peer wrote may move no cursor.
  return parts
    .filter((part) => part !== undefined && part !== "")
    .join(", ")
    .replace(/[^\x20-\x7e]/g, "?")
    .slice(0, 120);
}
