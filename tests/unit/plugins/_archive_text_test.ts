// Texts of messages for searches, and lines of JSON for exports.
// Octets that are no text survive as base64.
import { describe, expect, test } from "#test";
import { archiveLine, archiveLines, textOf } from "../../../plugins/_archive_text.ts";
import { type ArchiveRecord, memoryArchive } from "../../../plugins/archive.ts";
import { archiveRecords } from "../../support/archives.ts";

describe("textOf()", () => {
  test("knows what is text, and its charset; of what is broken it makes something", () => {
    const octets = new Uint8Array([0x47, 0xfc]);
    expect(textOf("text/plain;charset=iso-8859-1", octets)).toBe("Gü");
    expect(textOf("text/plain", octets)).toBe("G\ufffd");
    expect(textOf("text/plain;charset=nonsense", octets)).toBe("G\ufffd");
    for (const type of ["message/cpim", "application/json", "application/im-iscomposing+xml"])
      expect(textOf(type, new Uint8Array([0x61]))).toBe("a");
    for (const type of [undefined, "image/png", "application/octet-stream", "no type"])
      expect(textOf(type, octets)).toBe(undefined);
    expect(textOf("text/plain", new Uint8Array(100_000).fill(0x61))?.length).toBe(65_536);
  });
});

describe("archiveLines()", () => {
  test("gives every message of every page, the oldest first", async () => {
    const store = memoryArchive();
    const [first] = archiveRecords() as [ArchiveRecord];
    const many = Array.from({ length: 250 }, (_, number) => ({
      ...first,
      id: number.toString(16).padStart(32, "0"),
      at: number,
    }));
    await store.store(many, []);
    const times: string[] = [];
    for await (const line of archiveLines(store, { since: 10 })) times.push(JSON.parse(line).at);
    expect(times).toEqual(many.slice(10).map(({ at }) => new Date(at).toISOString()));
  });

  test("text as it is, everything else as base64: also a text whose octets are broken", () => {
    const [text, , image] = archiveRecords() as [ArchiveRecord, ArchiveRecord, ArchiveRecord];
    expect(JSON.parse(archiveLine(text))).toMatchObject({ at: "2023-11-14T22:13:21.000Z", text: text.text });
    expect(JSON.parse(archiveLine(image))).toMatchObject({ base64: "AP8nXA==" });
    const broken = { ...text, body: new Uint8Array([0x47, 0xfc]), text: "G\ufffd" };
    expect(JSON.parse(archiveLine(broken))).toMatchObject({ base64: "R/w=" });
    const large = { ...image, body: new Uint8Array(100_000).fill(255) };
    expect(JSON.parse(archiveLine(large)).base64.length).toBe(133_336);
  });
});
