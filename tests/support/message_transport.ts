// The end of a WebSocket that nothing stands behind: what a node writes to it is kept as texts, and what it receives a test
// says. For nodes that are woken again on the connections of others.
import type { Clock, Transport, TransportSink } from "../../core/node/transport.ts";

/** Makes one; each message that is written to it is an entry of `written`. */
export function messageTransport(clock: Clock): { transport: Transport; written: string[] } {
  const written: string[] = [];
  const write = (bytes: Uint8Array): boolean => written.push(new TextDecoder().decode(bytes)) > 0;
  const nothing = (): void => undefined;
  const still = { write, pause: nothing, resume: nothing, close: nothing, abort: nothing };
  return {
    transport: { clock, remoteAddress: "192.0.2.1", secure: true, framing: "message", ...still },
    written,
  };
}

/** A message comes in. */
export function receive(sink: TransportSink, text: string): void {
  sink.received(new TextEncoder().encode(text));
}
