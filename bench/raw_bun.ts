/**
 * The raw pump over Bun.listen and Bun.connect. Bun takes what the kernel takes; the rest is written at its `drain`.
 */
import type { Socket } from "bun";
import { RawAnswers, type RawSockets } from "./raw.ts";
import { CallbackPump } from "./raw_pump.ts";

interface State {
  answers?: RawAnswers;
  pump?: CallbackPump;
  /** What the kernel has not taken yet. */
  rest?: Uint8Array | undefined;
}

function write(socket: Socket<State>, bytes: Uint8Array): boolean {
  const taken = Math.max(0, socket.write(bytes));
  if (taken === bytes.length) return true;
  const rest = bytes.subarray(taken);
  const before = socket.data.rest;
  socket.data.rest = before === undefined ? rest : new Uint8Array([...before, ...rest]);
  return false;
}

const handlers = {
  binaryType: "uint8array" as const,
  drain(socket: Socket<State>): void {
    const { rest, pump } = socket.data;
    socket.data.rest = undefined;
    if (rest === undefined || write(socket, rest)) pump?.drained();
  },
  error(_socket: Socket<State>, error: Error): void {
    throw error;
  },
};

/** Pumps over Bun's sockets. */
export const bunSockets: RawSockets = {
  async serve(plan, tls) {
    const listener = Bun.listen<State>({
      hostname: "127.0.0.1",
      port: 0,
      ...(tls === undefined ? {} : { tls: { cert: tls.cert, key: tls.key } }),
      socket: {
        ...handlers,
        open(socket) {
          socket.setNoDelay(true);
          socket.data = { answers: new RawAnswers(plan) };
        },
        data(socket, bytes) {
          const answer = socket.data.answers!.to(bytes as unknown as Uint8Array);
          if (answer !== undefined) write(socket, answer);
        },
      },
    });
    return listener.port;
  },
  connect(port, kind, plan, tls, source) {
    return new Promise((resolve, reject) => {
      const state: State = {};
      const begin = (socket: Socket<State>): void => {
        state.pump = new CallbackPump(
          plan,
          kind,
          source,
          (bytes) => write(socket, bytes),
          () => socket.end(),
        );
        resolve(state.pump);
      };
      Bun.connect<State>({
        hostname: "127.0.0.1",
        port,
        ...(tls === undefined ? {} : { tls: { ca: tls.ca } }),
        data: state,
        socket: {
          ...handlers,
          open(socket) {
            socket.setNoDelay(true);
            if (tls === undefined) begin(socket);
          },
          handshake: begin,
          data(_socket, bytes) {
            state.pump!.answered(bytes.length);
          },
        },
      }).catch(reject);
    });
  },
};
