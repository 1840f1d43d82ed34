/**
 * Takes what contacts send: texts and notices from memory, files into the archive as they come. Everything may come twice,
 * because whoever is not sure that it arrived sends it again.
 */
import type { Message, MessageSink, MessageStart, Reception } from "../../../mod.ts";
import type { HeldMessage } from "../protocol.ts";
import { maxHeld } from "../protocol.ts";
import type { Archive } from "./archive.ts";
import type { Book } from "./book.ts";
import { composingType, isText, noticeType, type Received, readMessage, readStart } from "./content.ts";
import { alreadyHere, IncomingFile } from "./incoming_file.ts";
import { readComposing, readNotice } from "./notices.ts";
import { advance, changeItem, findItem, type Item } from "./state.ts";

/** Messages up to this size are taken in memory. */
const memoryBytes = 65_536;
/** Milliseconds between two steps of a progress bar. */
const progressMs = 100;

/** What comes of messages beside what is shown. */
export interface IncomingHost {
  /** A message has come whole; its sender may want to know. */
  arrived(peer: string, item: Item, wantsDelivered: boolean): void;
  /** A contact says whether it is typing. */
  composing(peer: string, status: ReturnType<typeof readComposing>): void;
}

/** All messages of contacts that are under way. */
export class Incoming {
  readonly #book: Book;
  readonly #archive: Archive;
  readonly #host: IncomingHost;
  /** By contact and Message-ID. */
  readonly #open: Map<string, IncomingFile> = new Map();
  /** Octets that the archive had of a message when its sender was last told. */
  readonly #held: Map<string, number> = new Map();
  /** Sinks that put away the last of what they got. */
  readonly #ending: Set<Promise<void>> = new Set();

  constructor(book: Book, archive: Archive, host: IncomingHost) {
    this.#book = book;
    this.#archive = archive;
    this.#host = host;
  }

  /** What is here of a contact's messages, so that it need not send that again. */
  async held(peer: string): Promise<readonly HeldMessage[]> {
    await Promise.all(this.#ending);
    const files = (this.#book.state.items[peer] ?? []).filter(({ out, file }) => !out && file !== undefined);
    const open = files.filter(({ status }) => status === "receiving");
    const whole = files.filter(({ status }) => status === "received");
    const held: HeldMessage[] = [];
    for (const { id } of open.slice(-maxHeld)) {
      const { octets } = await this.#archive.parts(id).catch(() => ({ octets: 0 }));
      this.#held.set(keyOf(peer, id), octets);
      this.#octets(peer, id, octets);
      held.push({ messageId: id, octets });
    }
    for (const { id, file } of whole.reverse()) {
      if (held.length === maxHeld) break;
      held.push({ messageId: id, octets: file?.octets ?? 0 });
    }
    return held;
  }

  /** Where a message goes. */
  start(peer: string, start: MessageStart): Reception {
    const { messageId: id, total, contentType } = start;
    if (total !== undefined && total <= memoryBytes) return "memory";
    const known = findItem(this.#book.state, peer, id, false);
    if (known?.status === "cancelled") return { reject: 413, comment: "Stopped" };
    if (known?.status === "received") return { sink: alreadyHere(total ?? 0) };
    const disposition = start.headers.get("Content-Disposition");
    return { sink: this.#sink(peer, id, total, contentType, disposition) };
  }

  /** A message from memory. @throws what reading it throws; its sender is told 400 */
  message(peer: string, message: Message): void {
    if (message.mode !== "memory") return;
    const { body, contentType, messageId: id, headers } = message;
    const received = readMessage(body, contentType, headers.get("Content-Disposition"));
    if (is(received, noticeType)) this.#notice(peer, received.text);
    else if (is(received, composingType)) this.#host.composing(peer, readComposing(received.text));
    // A text that has a name is a file, whose name would be lost in the conversation.
    else if (isText(received.contentType) && received.fileName === undefined)
      this.#arrive(peer, itemOf(peer, id, received, { text: received.text }), received);
    else {
      const size = body.length - received.contentStart;
      const head = new TextDecoder().decode(body.subarray(0, received.contentStart));
      const item = itemOf(peer, id, received, { file: fileOf(received, size, head, body.length) });
      this.#archive
        .putPart(id, 0, body)
        .catch(() => undefined)
        .then(() => this.#arrive(peer, item, received));
    }
  }

  /** Stops a file that arrives. */
  cancel(item: Item): void {
    this.#open.get(keyOf(item.peer, item.id))?.refuse(new Error("Stopped by the person who receives it"));
    this.#set(item.peer, item.id, { status: "cancelled" });
    this.#archive.dropOctets(item.id).catch(() => undefined);
  }

  /** The octets of a file that has come. */
  async file({ id, file }: Item): Promise<Blob | undefined> {
    const { blob } = await this.#archive.parts(id);
    const head = new TextEncoder().encode(file?.head ?? "").length;
    return blob.size === 0 ? undefined : blob.slice(head, undefined, file?.type);
  }

  #sink(
    peer: string,
    id: string,
    total: number | undefined,
    contentType: string | undefined,
    disposition: string | undefined,
  ): MessageSink {
    const key = keyOf(peer, id);
    let shown = 0;
    let received: Received | undefined;
    let ended: () => void = () => undefined;
    const sink = new IncomingFile(this.#archive, id, this.#held.get(key) ?? 0, {
      begun: (octets) => {
        received = readStart(octets, contentType, disposition);
        if (received === undefined) return false;
        const size = Math.max(0, (total ?? 0) - received.contentStart);
        const head = new TextDecoder().decode(octets.subarray(0, received.contentStart));
        const item = itemOf(peer, id, received, { file: fileOf(received, size, head, octets.length) });
        this.#book.put({ ...item, status: "receiving" });
        return true;
      },
      progress: (octets) => {
        const time = Date.now();
        if (time - shown < progressMs) return;
        shown = time;
        this.#octets(peer, id, octets);
      },
      complete: (octets) => {
        this.#open.delete(key);
        this.#octets(peer, id, octets);
        const item = findItem(this.#book.state, peer, id, false);
        if (item === undefined) return;
        // A resumed message began in an earlier page, where its head was read.
        this.#arrive(peer, { ...item, status: "received" }, received ?? startOf(item));
      },
      ended: (forGood) => {
        this.#open.delete(key);
        ended();
        if (!forGood) return;
        this.#set(peer, id, { status: "cancelled" });
        this.#archive.dropOctets(id).catch(() => undefined);
      },
    });
    const ending = new Promise<void>((resolve) => {
      ended = resolve;
    });
    const abort = sink.abort.bind(sink);
    sink.abort = (reason) => {
      this.#ending.add(ending);
      void ending.then(() => this.#ending.delete(ending));
      return abort(reason);
    };
    this.#open.set(key, sink);
    return sink;
  }

  #arrive(peer: string, item: Item, { wants }: Pick<Received, "wants">): void {
    const known = findItem(this.#book.state, peer, item.id, false);
    const again = known?.status === "received";
    const whole: Item = again ? known : { ...item, owes: wants.displayed && item.noticeId !== undefined };
    // What was displayed before has to be told once more: the notice may be what was lost.
    if (again && known.seen === true && wants.displayed) this.#set(peer, item.id, { owes: true });
    else if (!again) this.#book.put(whole);
    this.#host.arrived(peer, whole, wants.delivered);
  }

  #notice(peer: string, xml: string): void {
    const notice = readNotice(xml);
    if (notice === undefined) return;
    this.#book.update((state) => advance(state, peer, notice.id, notice.status));
    this.#book.keep({ peer, id: notice.id, out: true });
  }

  #octets(peer: string, id: string, octets: number): void {
    this.#book.update((state) => {
      const file = findItem(state, peer, id, false)?.file;
      return file === undefined ? state : changeItem(state, peer, id, false, { file: { ...file, octets } });
    });
  }

  #set(peer: string, id: string, change: Partial<Item>): void {
    this.#book.update((state) => changeItem(state, peer, id, false, change));
    this.#book.keep({ peer, id, out: false });
  }
}

function itemOf(peer: string, id: string, received: Received, what: Pick<Item, "text" | "file">): Item {
  const { noticeId } = received;
  const now = Date.now();
  // The sender's clock may be anywhere; what it says of the future is not believed.
  const at = Math.min(received.at ?? now, now);
  return {
    id,
    peer,
    out: false,
    at,
    status: "received",
    ...what,
    ...(noticeId === undefined ? {} : { noticeId }),
  };
}

function fileOf(received: Received, size: number, head: string, octets: number): NonNullable<Item["file"]> {
  const type = received.contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  return { name: received.fileName ?? "file", type, size, head, octets };
}

function startOf(item: Item): Pick<Received, "wants"> {
  const wanted = item.noticeId !== undefined;
  return { wants: { delivered: wanted, displayed: wanted } };
}

function is({ contentType }: Received, type: string): boolean {
  return contentType.toLowerCase().startsWith(type);
}

function keyOf(peer: string, id: string): string {
  return `${peer} ${id}`;
}
