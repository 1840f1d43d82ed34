/**
 * A raw pass-through proxy over the sockets of its runtime, control of the relay benchmark: what comes in goes out to one
 * fixed port, both ways, with back-pressure, and nothing looks at it. Arguments: port to listen on, port to connect to.
 */
import { connect, createServer, type Socket as NodeSocket } from "node:net";
import process from "node:process";
import type { Socket } from "bun";
import { ownRuntime } from "./runtimes.ts";

const [port = 0, target = 0] = process.argv.slice(2).map(Number);
const hostname = "127.0.0.1";

interface Leg {
  other?: Socket<Leg> | undefined;
  /** What the kernel has not taken yet, while the other leg stands still. */
  rest?: Uint8Array | undefined;
}

function serveBun(): void {
  const socket = {
    binaryType: "uint8array" as const,
    data({ data: leg }: Socket<Leg>, bytes: Uint8Array): void {
      const to = leg.other as Socket<Leg>;
      const taken = to.data.rest === undefined ? Math.max(0, to.write(bytes)) : 0;
      if (taken === bytes.length) return;
      const rest = bytes.subarray(taken);
      to.data.rest = to.data.rest === undefined ? rest : new Uint8Array([...to.data.rest, ...rest]);
      to.data.other?.pause();
    },
    drain(to: Socket<Leg>): void {
      const { rest, other } = to.data;
      if (rest === undefined) return;
      const taken = Math.max(0, to.write(rest));
      to.data.rest = taken === rest.length ? undefined : rest.subarray(taken);
      if (to.data.rest === undefined) other?.resume();
    },
    close({ data: leg }: Socket<Leg>): void {
      leg.other?.end();
    },
    error(): void {},
  };
  Bun.listen<Leg>({
    hostname,
    port,
    socket: {
      ...socket,
      open(from) {
        from.data = {};
        from.setNoDelay(true);
        from.pause();
        void Bun.connect<Leg>({
          hostname,
          port: target,
          data: { other: from },
          socket: {
            ...socket,
            open(to) {
              to.setNoDelay(true);
              from.data.other = to;
              from.resume();
            },
          },
        });
      },
    },
  });
}

async function pump(from: Deno.Conn, to: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(262_144);
  try {
    for (let count = await from.read(buffer); count !== null; count = await from.read(buffer)) {
      for (let at = 0; at < count; ) at += await to.write(buffer.subarray(at, count));
    }
    await to.closeWrite();
  } catch {
    // The other end has gone; so does this one.
    to.close();
  }
}

async function serveDeno(): Promise<void> {
  for await (const from of Deno.listen({ hostname, port })) {
    const to = await Deno.connect({ hostname, port: target });
    from.setNoDelay(true);
    to.setNoDelay(true);
    void pump(from, to);
    void pump(to, from);
  }
}

function serveNode(): void {
  createServer({ noDelay: true }, (from: NodeSocket) => {
    const to = connect({ port: target, host: hostname, noDelay: true });
    from.pipe(to).pipe(from);
    for (const socket of [from, to]) socket.on("error", () => socket.destroy());
  }).listen(port, hostname);
}

if (ownRuntime === "bun") serveBun();
else if (ownRuntime === "deno") void serveDeno();
else serveNode();
