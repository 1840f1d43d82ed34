/**
 * An endpoint that sends each message back, type and octets unchanged, however large it is. It accepts every
 * session-id below its addresses, so that anybody can try a client against it; `msrpkit echo` runs it.
 */
import { Msrp, type MsrpOptions, type Session } from "../core/mod.ts";
import { reassembly, reports } from "../plugins/mod.ts";

/** Echoes on their way before the next message is taken: a peer that does not read them is slowed down. */
const maxEchoes = 64;

/**
 * Makes the echo endpoint; give it to an adapter's `listen`.
 *
 * @param options of the node; `acceptUnknown` decides which session-ids are welcome. @default all at the port they came to
 */
export function echo(options: MsrpOptions = {}): Msrp {
  return new Msrp({
    acceptUnknown: ({ local, connection }) => local.port === (connection.localPort ?? local.port),
    ...options,
  })
    .use(reassembly({ mode: "stream", maxIncompleteMessages: 16 }), reports())
    .onSession((session) => sendBack(session).catch(() => undefined)); // the end of a session is no fault of the echo
}

async function sendBack(session: Session): Promise<void> {
  for await (const message of session) {
    await session.whenQueueBelow(maxEchoes);
    const { contentType, total } = message;
    session.send(message.stream(), { contentType, total, successReport: false });
  }
}
