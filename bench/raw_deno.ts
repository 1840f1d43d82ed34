/**
 * The raw pump over Deno.listen and Deno.connect, with TLS Deno.listenTls and Deno.connectTls. One read and one write are
 * in flight, into and from buffers that are used again.
 */
import {
  answerOctets,
  RawAnswers,
  type RawKind,
  type RawPlan,
  type RawPump,
  type RawSockets,
  type RawTls,
} from "./raw.ts";

const readBytes = 262_144;

async function writeAll(conn: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) at += await conn.write(at === 0 ? bytes : bytes.subarray(at));
}

async function answerAll(conn: Deno.Conn, plan: RawPlan): Promise<void> {
  const answers = new RawAnswers(plan);
  const buffer = new Uint8Array(readBytes);
  for (;;) {
    const count = await conn.read(buffer).catch(() => null);
    if (count === null) return conn.close();
    const answer = answers.to(buffer.subarray(0, count));
    if (answer !== undefined) await writeAll(conn, answer);
  }
}

async function acceptAll(listener: Deno.Listener, plan: RawPlan): Promise<void> {
  for (;;) {
    const conn = await listener.accept();
    if ("setNoDelay" in conn) (conn as Deno.TcpConn).setNoDelay(true);
    void answerAll(conn, plan);
  }
}

class DenoPump implements RawPump {
  readonly #conn: Deno.Conn;
  readonly #plan: RawPlan;
  readonly #kind: RawKind;
  readonly #small: boolean;
  readonly #source: Uint8Array;
  readonly #blockBytes: number;
  readonly #buffer = new Uint8Array(readBytes);

  constructor(conn: Deno.Conn, plan: RawPlan, kind: RawKind, source: Uint8Array) {
    this.#conn = conn;
    this.#plan = plan;
    this.#kind = kind;
    this.#small = kind === "S";
    this.#source = source;
    this.#blockBytes = this.#small ? plan.messageBytes * plan.batch : plan.blockBytes;
  }

  async run(messages: number = 0): Promise<void> {
    const { messageBytes, answerBytes, bulkBytes, window } = this.#plan;
    let unsent = this.#small ? messages * messageBytes : bulkBytes;
    let unanswered = answerOctets(this.#plan, this.#kind, messages);
    let room: (() => void) | undefined;
    const reading = (async () => {
      while (unanswered > 0) {
        unanswered -= (await this.#conn.read(this.#buffer)) ?? unanswered;
        room?.();
      }
    })();
    while (unsent > 0) {
      while (this.#small && unanswered / answerBytes - unsent / messageBytes >= window) {
        await new Promise<void>((resolve) => {
          room = resolve;
        });
      }
      const length = Math.min(unsent, this.#blockBytes);
      const at = this.#small ? 0 : this.#source.length - unsent;
      unsent -= length;
      await writeAll(this.#conn, this.#source.subarray(at, at + length));
    }
    await reading;
  }

  close(): void {
    this.#conn.close();
  }
}

function dial(port: number, tls: RawTls | undefined): Promise<Deno.TcpConn | Deno.TlsConn> {
  const hostname = "127.0.0.1";
  if (tls === undefined) return Deno.connect({ hostname, port });
  return Deno.connectTls({ hostname, port, caCerts: [tls.ca] });
}

/** Pumps over Deno's own sockets. */
export const denoSockets: RawSockets = {
  async serve(plan, tls) {
    const where = { hostname: "127.0.0.1", port: 0 };
    const listener =
      tls === undefined ? Deno.listen(where) : Deno.listenTls({ ...where, cert: tls.cert, key: tls.key });
    void acceptAll(listener, plan);
    return (listener.addr as Deno.NetAddr).port;
  },
  async connect(port, kind, plan, tls, source) {
    const conn = await dial(port, tls);
    if ("setNoDelay" in conn) conn.setNoDelay(true);
    await writeAll(conn, new TextEncoder().encode(kind));
    return new DenoPump(conn, plan, kind, source);
  },
};
