/**
 * Sends what waits to be sent, and follows each message to its end: ticks, progress, pause, cancel. A message whose
 * session is lost waits again, and goes on where the other side says that it stands.
 */
import { DeliveryError, type Sent, type Session } from "../../../mod.ts";
import type { HeldMessage } from "../protocol.ts";
import type { Archive } from "./archive.ts";
import type { Book } from "./book.ts";
import { cpimType, type Ends, fileHead, textMessage } from "./content.ts";
import { Gate, gated } from "./gate.ts";
import { advance, changeItem, type FileInfo, findItem, type Item, unsent } from "./state.ts";

/** Milliseconds between two steps of a progress bar. */
const progressMs = 100;

interface Open {
  readonly sent: Sent;
  readonly gate: Gate;
}

/** All own messages that are under way. */
export class Outgoing {
  readonly #book: Book;
  readonly #archive: Archive;
  readonly #endsOf: (peer: string) => Ends;
  readonly #again: (peer: string) => void;
  readonly #open: Map<string, Open> = new Map();
  /** Files of this page; those of the page before are in the archive. */
  readonly #files: Map<string, Blob> = new Map();

  /** @param again called when a message has to be tried again although its session is still there */
  constructor(book: Book, archive: Archive, endsOf: (peer: string) => Ends, again: (peer: string) => void) {
    this.#book = book;
    this.#archive = archive;
    this.#endsOf = endsOf;
    this.#again = again;
  }

  /** Writes a text down. It waits for `flush`. */
  addText(peer: string, id: string, at: number, text: string): void {
    this.#book.put({ id, peer, out: true, at, status: "waiting", text });
  }

  /** Writes a file down. It waits for `flush`. */
  addFile(peer: string, id: string, at: number, file: File): void {
    const type = /^[\w.+-]+\/[\w.+-]+$/.test(file.type) ? file.type : "application/octet-stream";
    const { name, size } = file;
    const head = fileHead(this.#endsOf(peer), id, at, { name, type });
    this.#files.set(id, file);
    // Sending begins at once; a page that is reloaded before this is done cannot go on with the file.
    this.#archive.putFile(id, file).catch(() => undefined);
    this.#book.put({
      id,
      peer,
      out: true,
      at,
      status: "waiting",
      file: { name, type, size, head, octets: 0 },
    });
  }

  /** Sends what waits for a contact. `held` is what the other side has of it already. */
  flush(peer: string, session: Session, held: readonly HeldMessage[]): void {
    const here = new Map(held.map(({ messageId, octets }) => [messageId, octets]));
    for (const [id, octets] of here) this.#tellCancelled(peer, id, octets, session);
    for (const item of unsent(this.#book.state, peer)) {
      this.#set(item, { status: "sending" });
      if (item.file === undefined) this.#sendText(item, session);
      else {
        this.#sendFile(item, item.file, session, here.get(item.id) ?? 0).catch((error: unknown) =>
          this.#refused(item, session, error),
        );
      }
    }
  }

  pause(item: Item): void {
    this.#open.get(item.id)?.gate.shut();
    this.#set(item, { paused: true });
  }

  resume(item: Item): void {
    this.#open.get(item.id)?.gate.open();
    this.#set(item, { paused: false });
  }

  cancel(item: Item): void {
    this.#set(item, { status: "cancelled", paused: false });
    const open = this.#open.get(item.id);
    open?.sent.abort();
    open?.gate.open();
    this.#forget(item);
  }

  /** Makes a failed message wait again. */
  retry(item: Item): void {
    this.#book.update((state) =>
      changeItem(state, item.peer, item.id, true, { status: "waiting", paused: false }),
    );
    this.#book.keep(item);
  }

  /** The octets of a file that was sent from here. */
  async file(item: Item): Promise<Blob | undefined> {
    return this.#files.get(item.id) ?? (await this.#archive.file(item.id));
  }

  #sendText(item: Item, session: Session): void {
    const body = textMessage(this.#endsOf(item.peer), item.id, item.at, item.text ?? "");
    try {
      this.#follow(
        item,
        session,
        session.send(body, { messageId: item.id, contentType: cpimType }),
        new Gate(),
      );
    } catch (error) {
      this.#refused(item, session, error);
    }
  }

  async #sendFile(item: Item, info: FileInfo, session: Session, held: number): Promise<void> {
    const file = await this.file(item);
    if (file === undefined || file.size !== info.size) {
      this.#set(item, { status: "failed", reason: "the file is not here any more" });
      return;
    }
    const whole = new Blob([info.head, file]);
    if (held >= whole.size) {
      this.#progress(item, whole.size);
      this.#settle(item, "delivered");
      return;
    }
    // What happened while the file was looked for.
    const now = findItem(this.#book.state, item.peer, item.id, true);
    if (now?.status !== "sending") return;
    const gate = new Gate(now.paused === true);
    let shown = 0;
    this.#progress(item, held);
    const sent = session.send(gated(whole, held, gate), {
      messageId: item.id,
      contentType: cpimType,
      total: whole.size - held,
      start: held + 1,
      onProgress: (octets) => {
        const time = Date.now();
        if (time - shown < progressMs && held + octets < whole.size) return;
        shown = time;
        this.#progress(item, held + octets);
      },
    });
    this.#follow(item, session, sent, gate);
  }

  // The other side still waits for a file that was cancelled while there was no session: a little more of it, and "#".
  #tellCancelled(peer: string, id: string, held: number, session: Session): void {
    const item = findItem(this.#book.state, peer, id, true);
    const info = item?.file;
    if (item?.status !== "cancelled" || info === undefined) return;
    const left = new TextEncoder().encode(info.head).length + info.size - held;
    // The last octet is held back until it is known to be the last.
    if (left < 2) return;
    const gate = new Gate();
    const little = async function* (): AsyncGenerator<Uint8Array, void, undefined> {
      yield new Uint8Array(Math.min(4096, left - 1));
      gate.shut();
      await gate.pass();
    };
    const sent: Sent = session.send(little(), {
      messageId: id,
      contentType: cpimType,
      total: left,
      start: held + 1,
      onProgress: () => {
        sent.abort();
        gate.open();
      },
    });
  }

  #follow(item: Item, session: Session, sent: Sent, gate: Gate): void {
    const open: Open = { sent, gate };
    this.#open.set(item.id, open);
    const over = (): void => {
      if (this.#open.get(item.id) === open) this.#open.delete(item.id);
    };
    sent.accepted.then(
      () => {
        over();
        this.#settle(item, "sent");
      },
      (error: unknown) => {
        over();
        this.#refused(item, session, error);
      },
    );
    // RFC 4975 §7.1.3: the far end has every octet; a notice may say the same, earlier or later.
    sent.delivered.then(
      () => this.#settle(item, "delivered"),
      () => undefined,
    );
  }

  #settle(item: Item, status: "sent" | "delivered"): void {
    this.#book.update((state) => advance(state, item.peer, item.id, status));
    this.#book.keep(item);
  }

  #refused(item: Item, session: Session, error: unknown): void {
    const now = findItem(this.#book.state, item.peer, item.id, true);
    if (now?.status !== "sending") return;
    const refused = error instanceof DeliveryError && [400, 403, 413, 415].includes(error.status);
    const local = (error as { code?: string }).code;
    if (refused || local === "message-too-large" || local === "type-not-accepted") {
      const reason =
        error instanceof DeliveryError && error.status === 413
          ? "stopped by the other side"
          : reasonOf(error);
      this.#set(item, { status: "failed", reason });
      return;
    }
    this.#set(item, { status: "waiting" });
    if (session.state === "bound") this.#again(item.peer);
  }

  #progress(item: Item, octets: number): void {
    this.#book.update((state) => {
      const file = findItem(state, item.peer, item.id, true)?.file;
      if (file === undefined) return state;
      return changeItem(state, item.peer, item.id, true, { file: { ...file, octets } });
    });
  }

  #set(item: Item, change: Partial<Item>): void {
    this.#book.update((state) => changeItem(state, item.peer, item.id, true, change));
    this.#book.keep(item);
  }

  #forget(item: Item): void {
    this.#files.delete(item.id);
    this.#archive.dropOctets(item.id).catch(() => undefined);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof DeliveryError
    ? (error.comment ?? `status ${error.status}`)
    : String((error as Error).message);
}
