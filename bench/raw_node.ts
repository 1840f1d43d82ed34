/**
 * The raw pump over node:net and node:tls. It stops at `write() === false` and goes on at `drain`, as everybody should.
 */
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { connect as connectTls, createServer as createTlsServer } from "node:tls";
import { RawAnswers, type RawSockets } from "./raw.ts";
import { CallbackPump } from "./raw_pump.ts";

/** Pumps over Node's sockets. */
export const nodeSockets: RawSockets = {
  serve(plan, tls) {
    const accept = (socket: Socket): void => {
      socket.setNoDelay(true);
      socket.on("error", () => socket.destroy());
      const answers = new RawAnswers(plan);
      socket.on("data", (bytes: Uint8Array) => {
        const answer = answers.to(bytes);
        if (answer !== undefined) socket.write(answer);
      });
    };
    const server =
      tls === undefined ? createServer(accept) : createTlsServer({ cert: tls.cert, key: tls.key }, accept);
    return new Promise((resolve) => {
      server.listen(0, "127.0.0.1", () => resolve((server.address() as AddressInfo).port));
    });
  },
  connect(port, kind, plan, tls, source) {
    return new Promise((resolve, reject) => {
      const begin = (): void => {
        socket.setNoDelay(true);
        const pump = new CallbackPump(
          plan,
          kind,
          source,
          (bytes: Uint8Array) => socket.write(bytes),
          () => socket.end(),
        );
        socket.on("data", (bytes: Uint8Array) => pump.answered(bytes.length));
        socket.on("drain", () => pump.drained());
        resolve(pump);
      };
      const socket =
        tls === undefined
          ? connect(port, "127.0.0.1", begin)
          : connectTls({ port, host: "127.0.0.1", ca: tls.ca }, begin);
      socket.once("error", reject);
    });
  },
};
