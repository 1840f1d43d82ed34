// The pipe below node:tls on Deno: it reads only while it may, and tells a client of the old versions that they are too old.
// Run by Deno only.
import { describe, expect, test } from "#test";
import { DenoPipe } from "../../../adapters/_deno_pipe.ts";
import { latch } from "../../../testing/probe.ts";
import { clientHello } from "../../../testing/tls_records.ts";

async function pair(): Promise<{ near: Deno.TcpConn; far: Deno.TcpConn }> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const connecting = Deno.connect({ hostname: "127.0.0.1", port: listener.addr.port });
  const far = await listener.accept();
  listener.close();
  return { near: await connecting, far };
}

describe("DenoPipe", () => {
  test("hold stops reading, release goes on, the end and the write side pass through", async () => {
    const { near, far } = await pair();
    const pipe = new DenoPipe(near, false);
    const pieces: Uint8Array[] = [];
    const enough = latch<void>();
    pipe.hold();
    pipe.on("data", (piece: Uint8Array) => {
      pieces.push(Uint8Array.from(piece));
      enough.resolve();
    });
    await far.write(new Uint8Array([1, 2, 3]));
    const answer = new Uint8Array(3);
    pipe.write(new Uint8Array([4, 5, 6]));
    expect(await far.read(answer)).toBe(3);
    expect([pieces.length, [...answer], pipe.waiting]).toEqual([0, [4, 5, 6], 0]);
    pipe.release();
    await enough.promise;
    expect([...(pieces[0] ?? [])]).toEqual([1, 2, 3]);
    const ended = latch<void>();
    pipe.on("end", () => ended.resolve());
    await far.closeWrite();
    await ended.promise;
    pipe.end();
    expect(await far.read(answer)).toBe(null);
    pipe.destroy();
    far.close();
  });

  test("RFC 8996 §5: a ClientHello of TLS 1.1 gets alert 70, one of TLS 1.2 goes up [8996-4-02]", async () => {
    const old = await pair();
    const refusing = new DenoPipe(old.near, true);
    const error = latch<Error>();
    refusing.on("error", error.resolve);
    refusing.resume();
    await old.far.write(clientHello(0x0302));
    const alert = new Uint8Array(16);
    expect([await old.far.read(alert), alert[0], alert[6]]).toEqual([7, 21, 70]);
    expect((await error.promise).message).toContain("TLS version");
    old.far.close();

    const fresh = await pair();
    const serving = new DenoPipe(fresh.near, true);
    const hello = latch<number>();
    serving.once("data", ({ byteLength }: Uint8Array) => hello.resolve(byteLength));
    await fresh.far.write(clientHello(0x0303));
    expect(await hello.promise).toBe(clientHello(0x0303).byteLength);
    serving.cut();
    expect(serving.destroyed).toBe(true);
    fresh.far.close();
  });
});
