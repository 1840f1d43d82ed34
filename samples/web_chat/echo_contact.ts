/**
 * The contact "echo": answers offers on behalf of the echo endpoint, which itself knows no SDP. It takes every session-id
 * below its address, so an answer is all that a session with it needs.
 */
import { createSessionId, MsrpUri, Negotiator } from "../../mod.ts";
import type { Signal } from "./protocol.ts";

/** Makes what answers offers for the endpoint at `address`, such as `"msrp://127.0.0.1:2855;tcp"`. */
export function echoContact(address: string): (signal: Signal) => Signal | undefined {
  const { host, port = 2855, scheme, transport } = MsrpUri.parse(address);
  return (signal) => {
    if (signal.kind !== "offer") return undefined;
    // A URI that is given, because whether the relay has TLS says nothing of the echo behind it.
    const uri = MsrpUri.from({ scheme, host, port, transport, sessionId: createSessionId() });
    const negotiator = new Negotiator({ host, port, uri, cema: false });
    try {
      const result = negotiator.acceptOffer(signal.sdp);
      if (result.ok) return { kind: "answer", call: signal.call, sdp: result.answer, held: [] };
      return { kind: "refuse", call: signal.call, reason: result.code };
    } catch {
      return { kind: "refuse", call: signal.call, reason: "This is no offer that can be read" };
    }
  };
}
