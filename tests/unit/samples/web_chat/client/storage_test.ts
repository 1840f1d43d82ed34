// Where messages and files are kept, and how a file that arrives gets there: in order, in pieces, once.
// What was there before a reload is where the next page goes on.
import { describe, expect, test } from "#test";
import { joinParts, MemoryArchive } from "../../../../../samples/web_chat/client/archive.ts";
import { Book } from "../../../../../samples/web_chat/client/book.ts";
import { Gate, gated } from "../../../../../samples/web_chat/client/gate.ts";
import { alreadyHere, IncomingFile } from "../../../../../samples/web_chat/client/incoming_file.ts";
import type { Item } from "../../../../../samples/web_chat/client/state.ts";
import { Store } from "../../../../../samples/web_chat/client/store.ts";

const mebi = 1_048_576;
const part = (position: number, text: string) => ({ position, blob: new Blob([text]) });

function notes() {
  const seen: string[] = [];
  return {
    seen,
    begun: (octets: Uint8Array) => {
      seen.push(`begun ${octets.length}`);
      return octets.length >= 10;
    },
    progress: (octets: number) => void seen.push(`at ${octets}`),
    complete: (total: number) => void seen.push(`complete ${total}`),
    ended: (forGood: boolean) => void seen.push(forGood ? "given up" : "interrupted"),
  };
}

describe("parts", () => {
  test("are joined up to the first gap, and of two that overlap each octet once", async () => {
    const joined = joinParts([part(6, "ghi"), part(0, "abc"), part(2, "cdef"), part(20, "later")]);
    expect([joined.octets, await joined.blob.text()]).toEqual([9, "abcdefghi"]);
    expect(joinParts([part(1, "x")]).octets).toBe(0);
  });
});

describe("a file that arrives", () => {
  test("goes into the archive a mebioctet at a time; its head is asked for until it is whole", async () => {
    const archive = new MemoryArchive();
    const events = notes();
    const file = new IncomingFile(archive, "m", 0, events);
    await file.write(0, new Uint8Array(4));
    await file.write(4, new Uint8Array(6));
    await file.write(10, new Uint8Array(mebi));
    expect((await archive.parts("m")).octets).toBe(mebi);
    await file.close(mebi + 10);
    expect((await archive.parts("m")).octets).toBe(mebi + 10);
    expect(events.seen).toEqual([
      "begun 4",
      "at 4",
      "begun 10",
      "at 10",
      `at ${mebi + 10}`,
      `complete ${mebi + 10}`,
    ]);
  });

  test("RFC 4975 §5.4: after an interruption it goes on behind what is held, and what comes twice is dropped", async () => {
    const archive = new MemoryArchive();
    const first = new IncomingFile(archive, "m", 0, notes());
    await first.write(0, new TextEncoder().encode("0123456789ab"));
    await first.abort(new Error("the session ended"));
    const events = notes();
    const second = new IncomingFile(archive, "m", 12, events);
    expect(second.received).toEqual([{ start: 1, end: 12 }]);
    await second.write(10, new TextEncoder().encode("abcd"));
    await second.close(14);
    expect(await (await archive.parts("m")).blob.text()).toBe("0123456789abcd");
    expect(events.seen).toEqual(["at 14", "complete 14"]);
  });

  test("is over when its sender gives it up (#), or when it was refused here", async () => {
    const [aborted, refused] = [notes(), notes()];
    const archive = new MemoryArchive();
    await new IncomingFile(archive, "a", 0, aborted).abort(
      Object.assign(new Error("#"), { code: "aborted" }),
    );
    const file = new IncomingFile(archive, "b", 0, refused);
    file.refuse(new Error("no"));
    const wrote = await file.write(0, new Uint8Array(1)).then(
      () => "written",
      (error: Error) => error.message,
    );
    await file.abort(new Error("no"));
    expect([aborted.seen, wrote, refused.seen]).toEqual([["given up"], "no", ["given up"]]);
  });

  test("with a hole in it is refused; one that is here already needs nothing more", async () => {
    const file = new IncomingFile(new MemoryArchive(), "m", 0, notes());
    const hole = await file.write(5, new Uint8Array(1)).catch((error: Error) => error.message);
    expect(hole).toBe("Octets in between are missing");
    expect([...(alreadyHere(7).received ?? [])]).toEqual([{ start: 1, end: 7 }]);
  });
});

describe("a file that is sent", () => {
  test("passes an open gate from where it is to begin, and stands still at a shut one", async () => {
    const gate = new Gate(true);
    const blob = new Blob([new Uint8Array(200_000).fill(1), new Uint8Array(100_000).fill(2)]);
    const pieces = gated(blob, 150_000, gate);
    const first = pieces.next();
    const early = await Promise.race([first.then(() => "passed"), Promise.resolve().then(() => "shut")]);
    expect(early).toBe("shut");
    gate.open();
    let [octets, sum] = [0, 0];
    for (let next = await first; next.done !== true; next = await pieces.next()) {
      octets += next.value.length;
      for (const octet of next.value) sum += octet;
    }
    expect([octets, sum]).toEqual([150_000, 50_000 + 200_000]);
  });
});

describe("store and book", () => {
  const item: Item = { id: "1", peer: "bob", out: true, at: 5, status: "waiting", text: "x" };

  test("changes that come together are told once, with the newest state", () => {
    const tells: (() => void)[] = [];
    const store = new Store((tell) => void tells.push(tell));
    const told: (string | undefined)[] = [];
    const stop = store.subscribe(({ open }) => void told.push(open));
    for (const open of ["a", "b"]) store.update((state) => ({ ...state, open }));
    store.update((state) => state);
    expect([tells.length, told]).toEqual([1, []]);
    tells[0]?.();
    stop();
    store.update((state) => ({ ...state, open: "c" }));
    tells[1]?.();
    expect(told).toEqual(["b"]);
  });

  test("a message is kept as it is when the turn ends; an archive that fails does no harm", async () => {
    const archive = new MemoryArchive();
    const book = new Book(new Store(), archive);
    book.put(item);
    book.put({ ...item, status: "sent" });
    await Promise.resolve();
    await Promise.resolve();
    expect(await archive.items()).toEqual([{ ...item, status: "sent" }]);
    const broken = Object.assign(new MemoryArchive(), { putItem: () => Promise.reject(new Error("full")) });
    const other = new Book(new Store(), broken);
    other.put(item);
    await Promise.resolve();
    expect(other.state.items["bob"]).toEqual([item]);
  });

  test("an archive forgets octets, and everything", async () => {
    const archive = new MemoryArchive();
    await archive.putFile("f", new Blob(["octets"]));
    await archive.putPart("f", 0, new Uint8Array(3));
    expect([(await archive.file("f"))?.size, (await archive.parts("f")).octets]).toEqual([6, 3]);
    await archive.dropOctets("f");
    expect([await archive.file("f"), (await archive.parts("f")).octets]).toEqual([undefined, 0]);
    await archive.putItem(item);
    await archive.clear();
    expect(await archive.items()).toEqual([]);
  });
});
