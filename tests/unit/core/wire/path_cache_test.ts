// The memory of path lines: exact, bounded, and the same array for the same octets.
import { describe, expect, test } from "#test";
import { Decoder, type Frame } from "../../../../core/wire/mod.ts";
import { PathCache } from "../../../../core/wire/path_cache.ts";
import { MsrpUri } from "../../../../core/wire/uri.ts";
import { from, octets, send, to } from "./_frames.ts";

function lines(session: string): string {
  return `To-Path: msrp://h.example:1/${session};tcp\r\nFrom-Path: ${from}\r\n`;
}

function view(text: string): DataView {
  return new DataView(octets(text).buffer);
}

describe("PathCache", () => {
  const path = [MsrpUri.parse(to)];

  test("finds exactly the lines that were added, wherever they stand", () => {
    const cache = new PathCache();
    const text = lines("session-one");
    cache.add(view(`..${text}`), 2, 2 + text.length, path, path);
    expect(cache.find(view(text), 0, text.length)?.toPath).toBe(path);
    expect(cache.find(view(`...${text}`), 3, 3 + text.length)?.length).toBe(text.length);
    expect(cache.find(view(text), 0, text.length - 1)).toBe(undefined);
    for (let index = 0; index < text.length; index++) {
      const other = `${text.slice(0, index)}~${text.slice(index + 1)}`;
      expect(cache.find(view(other), 0, text.length)).toBe(undefined);
    }
  });

  test("keeps sixteen sessions and no long lines", () => {
    const cache = new PathCache();
    const names = Array.from({ length: 40 }, (_, index) => `session-${index}`);
    for (const name of names) cache.add(view(lines(name)), 0, lines(name).length, path, path);
    const kept = names.filter((name) => cache.find(view(lines(name)), 0, lines(name).length) !== undefined);
    expect(kept.length).toBe(16);
    const long = lines("x".repeat(1200));
    cache.add(view(long), 0, long.length, path, path);
    expect(cache.find(view(long), 0, long.length)).toBe(undefined);
  });

  test("a decoder gives the same array for the same octets, also when a head was cut", () => {
    const decoder = new Decoder();
    const frames: Frame[] = [];
    const bytes = octets(send("hi"));
    decoder.receive(bytes, (frame) => frames.push(frame));
    decoder.receive(bytes, (frame) => frames.push(frame));
    for (const octet of bytes) decoder.receive(Uint8Array.of(octet), (frame) => frames.push(frame.retain()));
    expect(frames.length).toBe(3);
    expect(frames[1]?.toPath).toBe(frames[0]?.toPath);
    expect(frames[2]?.toPath).toBe(frames[0]?.toPath);
    expect(frames[2]?.fromPath.map(String)).toEqual([from]);
  });
});
