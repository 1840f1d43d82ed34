// Plays one flow: opens connections, sends what the script says, and compares what comes with what is expected.
// Times of the script are the relay's; they pass as much faster as its clock runs.
import { createServer, connect as netConnect, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket, connect as tlsConnect } from "node:tls";
import { webSocketAccept } from "../support/web_socket_key.ts";
import { digest, param } from "./digest.ts";
import type { Environment } from "./environment.ts";
import { headMismatch, mismatch } from "./expectation.ts";
import { gather } from "./gather.ts";
import { type Flow, type Macro, type Step, words } from "./script.ts";
import { fill, Scope } from "./template.ts";
import type { WriteMode } from "./web_socket.ts";
import { Wire } from "./wire.ts";

interface StubListener {
  readonly server: Server;
  readonly inbound: Wire[];
  readonly sockets: Set<Socket>;
  wake: (() => void) | undefined;
}

// What must come gets this much longer than the script says, because the machine may be busy.
const slackMs = 5000;
// A wait for nothing is never shorter, so that whatever should not come has time to come.
const leastMs = 250;

/** Plays flows against the relays of an environment. */
export class Player {
  readonly #environment: Environment;
  readonly #macros: ReadonlyMap<string, Macro>;
  readonly #wires = new Map<string, Wire>();
  readonly #listeners = new Map<string, StubListener>();

  constructor(environment: Environment, macros: ReadonlyMap<string, Macro>) {
    this.#environment = environment;
    this.#macros = macros;
  }

  /** Plays one flow. @throws at the first thing that is not as the script says */
  async play(flow: Flow): Promise<void> {
    const scope = this.#environment.scope();
    try {
      await this.#steps(flow.steps, scope, new Map());
    } finally {
      await this.#cleanUp();
    }
  }

  async #cleanUp(): Promise<void> {
    for (const listener of this.#listeners.values()) {
      listener.server.close();
      for (const socket of listener.sockets) socket.destroy();
    }
    await Promise.all([...this.#wires.values()].map((wire) => wire.close()));
    this.#wires.clear();
    this.#listeners.clear();
  }

  async #steps(steps: readonly Step[], scope: Scope, names: ReadonlyMap<string, string>): Promise<void> {
    for (const step of steps) {
      try {
        if (step.kind === "send")
          this.#wire(step.on, names).write(step.texts.map((text) => fill(text, scope)).join(""));
        else if (step.kind === "expect") await this.#expect(this.#wire(step.on, names), step.texts, scope);
        else await this.#command(step.texts[0] ?? "", scope, names);
      } catch (error) {
        if ((error as { located?: boolean }).located) throw error;
        throw Object.assign(new Error(`line ${step.line}: ${step.on} ${(error as Error).message}`), {
          located: true,
        });
      }
    }
  }

  #wire(name: string, names: ReadonlyMap<string, string>): Wire {
    const wire = this.#wires.get(names.get(name) ?? name);
    if (wire === undefined) throw new Error(`there is no connection ${name}`);
    return wire;
  }

  #ms(text: string): number {
    return (Number.parseFloat(text) * 1000) / this.#environment.scale;
  }

  async #expect(wire: Wire, texts: readonly string[], scope: Scope): Promise<void> {
    if (texts[0]?.startsWith(" HTTP/")) {
      const head = await wire.head(this.#ms("12s") + slackMs);
      if (typeof head === "string") throw new Error(`expected "${texts[0]}", got ${head}`);
      const unlike = headMismatch(texts, head, scope);
      if (unlike !== undefined) throw new Error(`${unlike}, got: ${head.join(" | ")}`);
      return;
    }
    const frame = await wire.frame(this.#ms("12s") + slackMs);
    if (typeof frame === "string")
      throw new Error(`expected "${texts[0]}", got ${frame} ${JSON.stringify(wire.peek)}`);
    const fault = mismatch(texts, frame, scope);
    if (fault === undefined) return;
    const shown = [frame.startLine, ...frame.headers, (frame.body ?? "").slice(0, 100)].join(" | ");
    throw new Error(`${fault}; expected "${texts[0]}", got: ${shown}`);
  }

  async #command(text: string, scope: Scope, names: ReadonlyMap<string, string>): Promise<void> {
    const [first = "", second = "", ...rest] = words(text);
    const name = (given: string): string => names.get(given) ?? given;
    switch (first) {
      case "open":
        return this.#open(name(second), rest[0] ?? "", rest.slice(1));
      case "listen":
        return this.#listen(second, rest[0] ?? "", Number(fill(rest[1] ?? "", scope)), rest[2]);
      case "accept":
        return this.#accept(second, rest, scope);
      case "close":
        return this.#wire(second, names).close();
      case "wait":
        return this.#pause(this.#ms(second));
      case "let":
        return this.#let(text, scope);
      case "check":
        return check(text.slice(6), scope);
      case "call":
        return this.#call(text, scope, names);
      default:
        return this.#watch(first, second, rest, scope, names);
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((over) => {
      setTimeout(over, ms);
    });
  }

  async #watch(
    on: string,
    what: string,
    rest: readonly string[],
    scope: Scope,
    names: ReadonlyMap<string, string>,
  ): Promise<void> {
    const listener = this.#listeners.get(on);
    if (listener !== undefined) {
      if (what === "none") return this.#none(listener, this.#ms(rest[0] ?? ""));
      if (what === "at-most") return this.#atMost(listener, Number(rest[0]), this.#ms(rest[2] ?? ""));
    }
    const wire = this.#wire(on, names);
    switch (what) {
      case "quiet":
      case "quiet-or-eof": {
        const heard = await wire.silence(this.#ms(rest[0] ?? ""));
        if (heard === "nothing" || (heard === "eof" && what === "quiet-or-eof")) return;
        throw new Error(`${what}: got ${heard} ${JSON.stringify(wire.peek)}`);
      }
      case "eof":
        if (await wire.eof(this.#ms(rest[0] ?? "") + slackMs / 5)) return;
        throw new Error("the connection was not closed in time");
      case "allow":
        return this.#allow(wire, (rest[0] ?? "").split(","), Math.max(leastMs, this.#ms(rest[1] ?? "")));
      case "gather":
        return this.#gather(wire, rest, scope);
      case "upgrade":
        wire.upgrade();
        return;
      case "mode":
        wire.webSocket.mode = writeMode(rest[0] ?? "");
        return;
      case "ping":
        if (await wire.pong(rest[0] ?? "", slackMs)) return;
        throw new Error("no pong came");
      case "not-msrp":
        return this.#notMsrp(wire);
      case "ignore":
        wire.ignored.add(fill(rest[0] ?? "", scope));
        return;
      default:
        throw new Error(`the script says "${on} ${what}", which is not in its language`);
    }
  }

  async #open(name: string, kind: string, options: readonly string[]): Promise<void> {
    const { ports, names, certificates } = this.#environment;
    if (kind !== "tls" && kind !== "tls2" && kind !== "tcp" && kind !== "ws" && kind !== "wss")
      throw new Error(`connections of kind ${kind} are not played`);
    const plain = kind === "tcp" || kind === "ws";
    const cert = options.find((option) => option.startsWith("cert="))?.slice(5);
    const identity = cert === undefined ? {} : certificates.of(cert);
    const socket = plain
      ? netConnect({ host: "127.0.0.1", port: ports[kind] })
      : tlsConnect({
          host: "127.0.0.1",
          port: ports[kind],
          servername: names[kind],
          ca: certificates.ca,
          ...identity,
        });
    await new Promise<void>((resolve, reject) => {
      socket.once(plain ? "connect" : "secureConnect", () => resolve());
      // Where nobody listens there is no MSRP either: the script finds that out by itself.
      socket.once("error", kind === "ws" ? () => resolve() : reject);
    });
    this.#wires.set(name, new Wire(socket));
  }

  async #notMsrp(wire: Wire): Promise<void> {
    const head = await wire.head(this.#ms("12s") + slackMs);
    if (head === "time") throw new Error("no answer came");
    if (head === "eof" || !/^HTTP\/1\.1 101/.test(head[0] ?? "")) return;
    if (head.some((line) => /^sec-websocket-protocol:.*\bmsrp\b/i.test(line)))
      throw new Error("the relay speaks msrp here");
  }

  async #listen(name: string, kind: string, port: number, option: string | undefined): Promise<void> {
    const { certificates } = this.#environment;
    const listener: { -readonly [K in keyof StubListener]: StubListener[K] } = {
      server: createServer(),
      inbound: [],
      sockets: new Set(),
      wake: undefined,
    };
    const taken = (socket: Socket, names = ""): void => {
      listener.inbound.push(new Wire(socket, names));
      listener.wake?.();
    };
    if (kind === "tls") {
      const { cert, key } = certificates.of(option?.slice(5) ?? "");
      listener.server = createTlsServer(
        { cert, key, ca: certificates.ca, requestCert: true, rejectUnauthorized: false },
        (socket: TLSSocket) => taken(socket, socket.getPeerCertificate()?.subjectaltname ?? ""),
      );
    } else listener.server = createServer((socket) => taken(socket));
    listener.server.on("connection", (socket: Socket) => {
      listener.sockets.add(socket);
      socket.on("error", () => undefined);
    });
    await new Promise<void>((resolve, reject) => {
      listener.server.once("error", reject);
      listener.server.listen(port, "127.0.0.1", resolve);
    });
    this.#listeners.set(name, listener);
  }

  async #accept(name: string, [from = "", time = "", peer]: readonly string[], scope: Scope): Promise<void> {
    const listener = this.#listeners.get(from);
    if (listener === undefined) throw new Error(`there is no listener ${from}`);
    const wire = await this.#inbound(listener, this.#ms(time) + slackMs);
    if (wire === undefined) throw new Error("nobody connected");
    this.#wires.set(name, wire);
    const wanted = peer === undefined ? undefined : fill(peer.slice(5), scope);
    if (wanted !== undefined && !wire.peerNames.includes(`DNS:${wanted}`)) {
      throw new Error(`the peer's certificate is for "${wire.peerNames}"`);
    }
  }

  async #inbound(listener: StubListener, limitMs: number): Promise<Wire | undefined> {
    if (listener.inbound.length === 0) {
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          clearTimeout(timer);
          listener.wake = undefined;
          resolve();
        };
        const timer = setTimeout(wake, limitMs);
        listener.wake = wake;
      });
    }
    return listener.inbound.shift();
  }

  async #none(listener: StubListener, limitMs: number): Promise<void> {
    const wire = await this.#inbound(listener, Math.max(leastMs, limitMs));
    if (wire !== undefined) throw new Error("somebody connected");
  }

  async #atMost(listener: StubListener, most: number, limitMs: number): Promise<void> {
    const until = performance.now() + Math.max(leastMs, limitMs);
    let sends = 0;
    for (let left = until - performance.now(); left > 0; left = until - performance.now()) {
      const wire = await this.#inbound(listener, left);
      if (wire === undefined) break;
      for (
        let frame = await wire.frame(leastMs);
        typeof frame !== "string";
        frame = await wire.frame(leastMs)
      ) {
        if (frame.startLine.endsWith(" SEND")) sends++;
      }
    }
    if (sends > most) throw new Error(`${sends} SENDs arrived`);
  }

  async #allow(wire: Wire, allowed: readonly string[], limitMs: number): Promise<void> {
    const until = performance.now() + limitMs;
    let accepted = 0;
    let reported = 0;
    for (;;) {
      const frame = await wire.frame(until - performance.now());
      if (frame === "time") break;
      if (frame === "eof") {
        if (allowed.includes("eof")) return;
        throw new Error("the connection was closed");
      }
      const [, , word = ""] = frame.startLine.split(" ");
      const status = frame.headers.find((line) => line.startsWith("Status: "))?.slice(12, 15) ?? "";
      if (word === "REPORT" && allowed.includes(status)) reported++;
      else if (word === "200" && !allowed.includes("200")) accepted++;
      else if (!allowed.includes(word)) throw new Error(`unexpected "${frame.startLine}" ${status}`);
    }
    if (accepted > reported) throw new Error("a 200, and no report of the failure");
  }

  async #gather(wire: Wire, [mode, ...rest]: readonly string[], scope: Scope): Promise<void> {
    const messages = new Map<string, string>();
    let flag = "$";
    let beforeEnd: string | undefined;
    let minPieces = 1;
    for (const word of rest) {
      const equals = word.indexOf("=");
      const [key, value] = [word.slice(0, equals), word.slice(equals + 1)];
      if (key === "flag") flag = value;
      else if (key === "before-end") beforeEnd = fill(value, scope);
      else if (key === "min-pieces") minPieces = Number(value);
      else messages.set(fill(key, scope), fill(value, scope));
    }
    const wanted = { messages, acknowledge: mode === "ack", flag, beforeEnd, minPieces };
    const fault = await gather(wire, wanted, 60_000);
    if (fault !== undefined) throw new Error(fault);
  }

  #let(text: string, scope: Scope): void {
    const [, name = "", what = "", list = ""] = /^let (\w+) = (\w+)\((.*)\)$/.exec(text) ?? [];
    const given = list.split(",");
    if (what === "param") {
      const header = given.slice(0, -1).join(",");
      scope.set(name, param(fill(header, scope), given.at(-1)?.trim() ?? ""));
      return;
    }
    if (what === "wsaccept") {
      scope.set(name, webSocketAccept(fill(list, scope)));
      return;
    }
    if (what !== "digest") throw new Error(`the script lets "${what}", which is not in its language`);
    const challenge = fill(given.slice(0, -6).join(","), scope);
    const [user = "", password = "", method = "", uri = "", nc = "", cnonce = ""] = given
      .slice(-6)
      .map((part) => fill(part.trim(), scope));
    const fields = digest(challenge, user, password, method, uri, nc, cnonce);
    for (const [field, value] of Object.entries(fields)) scope.set(`${name}.${field}`, value);
  }

  async #call(text: string, scope: Scope, names: ReadonlyMap<string, string>): Promise<void> {
    const [before = "", results = ""] = text.split(" -> ");
    const [, name = "", ...given] = words(before);
    const macro = this.#macros.get(name);
    if (macro === undefined) throw new Error(`there is no macro ${name}`);
    const inner = new Scope(this.#fixed(scope));
    const connections = new Map(names);
    for (const [index, parameter] of macro.parameters.entries()) {
      const value = fill((given[index] ?? "").replaceAll("%20", " "), scope);
      if (/^[A-Z]$/.test(parameter)) connections.set(parameter, names.get(value) ?? value);
      else inner.set(parameter, value);
    }
    await this.#steps(macro.steps, inner, connections);
    for (const [index, result] of words(results).entries()) {
      scope.set(result, inner.get(macro.results[index] ?? "") ?? "");
    }
  }

  // A macro sees the names of the run, but none that the flow has made up.
  #fixed(scope: Scope): Scope {
    const fixed = this.#environment.scope();
    for (const name of ["UA", "UB", "UC", "UP", "UV", "UW"]) fixed.set(name, scope.get(name) ?? "");
    return fixed;
  }
}

function writeMode(text: string): WriteMode {
  if (text === "binary" || text === "text" || text === "join" || text === "split") return text;
  throw new Error(`the script says "mode ${text}", which is not in its language`);
}

function check(text: string, scope: Scope): void {
  const [, what, list = ""] = /^(has|lacks|le)\((.*)\)$/.exec(text) ?? [];
  if (what === undefined) {
    const [, left = "", operator, right = ""] = /^(.*) (==|!=) (.*)$/.exec(text) ?? [];
    const same = fill(left, scope) === fill(right, scope);
    if (same !== (operator === "=="))
      throw new Error(`check ${text}: "${fill(left, scope)}" and "${fill(right, scope)}"`);
    return;
  }
  const comma = list.indexOf(",");
  const subject = fill(list.slice(0, comma), scope);
  const wanted = fill(list.slice(comma + 1).trim(), scope);
  const holds =
    what === "le" ? Number(subject) <= Number(wanted) : subject.includes(wanted) === (what === "has");
  if (!holds) throw new Error(`check ${text}: "${subject}"`);
}
