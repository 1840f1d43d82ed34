/**
 * An endpoint that sends each message back, type and octets unchanged, however large it is. It accepts every
 * session-id below its addresses, so that anybody can try a client against it; `msrpkit echo` runs it.
 */
import { Msrp, type MsrpOptions } from "../core/mod.ts";
import { reassembly, reports } from "../plugins/mod.ts";

/**
 * Makes the echo endpoint; give it to an adapter's `listen`.
 *
 * @param options of the node; `acceptUnknown` decides which session-ids are welcome. @default all
 */
export function echo(options: MsrpOptions = {}): Msrp {
  return new Msrp({ acceptUnknown: () => true, ...options })
    .use(reassembly({ mode: "stream" }), reports())
    .onMessage((message, session) => {
      // Not awaited: the peer may send its next message while this one is still on its way back.
      session.send(message.stream(), { contentType: message.contentType, total: message.total });
    });
}
