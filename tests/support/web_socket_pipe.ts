// Raw peers of the endpoint suite write a stream; on a WebSocket what they write goes out frame by frame. This cuts it,
// and keeps what is not whole yet, as a client would that has no end-line to send.
import { openWebSocket } from "../../adapters/_web_socket_dial.ts";
import type { Connector, Transport } from "../../core/node/transport.ts";
import { messageLength } from "../flows/web_socket.ts";

/** A connector to a WebSocket server whose transports take streams. */
export const streamOverWebSocket: Connector = async ({ host, port }, accept, options) =>
  await openWebSocket(
    `ws://${host}:${port}/`,
    (transport) => accept(cutting(transport)),
    { maxMessageBytes: 16_777_216 },
    options,
  );

function cutting(transport: Transport): Transport {
  let rest = "";
  const write = (bytes: Uint8Array): boolean => {
    rest += Buffer.from(bytes).toString("latin1");
    let taken = true;
    for (let length = wholeLength(rest); length > 0; length = wholeLength(rest)) {
      taken = transport.write(new Uint8Array(Buffer.from(rest.slice(0, length), "latin1")));
      rest = rest.slice(length);
    }
    return taken;
  };
  return new Proxy(transport, {
    get: (target, name) => {
      if (name === "write") return write;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

function wholeLength(text: string): number {
  // What is no MSRP goes out as it is.
  if (!text.startsWith("MSRP ") && !"MSRP ".startsWith(text)) return text.length;
  return messageLength(text) ?? 0;
}
