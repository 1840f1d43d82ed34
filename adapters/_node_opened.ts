// Waits until a socket of Node is open: connected, or through its TLS handshake.
// Whatever ends it first ends the wait, and nothing of the wait stays on the socket.
import type net from "node:net";

/**
 * Waits for an event of a socket. `judge` may find a fault in what has opened.
 * @throws what the socket failed with, the fault, or the signal's reason; the socket is destroyed then
 */
export function opened(
  socket: net.Socket,
  event: "connect" | "secureConnect",
  signal: AbortSignal,
  judge: () => Error | undefined = () => undefined,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (): void => {
      signal.removeEventListener("abort", onAbort);
      socket.removeListener("error", onError);
      socket.removeListener("close", onClose);
    };
    const onError = (error: Error): void => {
      done();
      // There may be another error on the way out, with nobody left to hear it.
      socket.on("error", () => {});
      socket.destroy();
      reject(error);
    };
    const onAbort = (): void => onError(signal.reason as Error);
    const onClose = (): void => onError(new Error("the peer closed the connection"));
    signal.addEventListener("abort", onAbort, { once: true });
    socket.on("error", onError);
    socket.on("close", onClose);
    socket.once(event, () => {
      const fault = judge();
      if (fault !== undefined) {
        onError(fault);
        return;
      }
      done();
      resolve();
    });
  });
}
