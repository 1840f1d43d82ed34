// The Sec-WebSocket-Accept of a key (RFC 6455 §4.2.2), for tests that make the handshake by hand.
// The product leaves handshakes to the runtimes; a test that reads the octets must know the right answer.
import { createHash } from "node:crypto";

/** What a server answers to a client's Sec-WebSocket-Key. */
export function webSocketAccept(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
