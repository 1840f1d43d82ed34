/**
 * Whether content may go out, by the direction that SDP gave a session (RFC 4975 §8.9). It holds back SENDs with ordinary
 * content only: reports, responses, bodiless SENDs and control protocols go on as if there were no direction.
 */
import { LocalProtocolError } from "../errors.ts";
import type { ContentDirection } from "./session_options.ts";
import { essence } from "./session_types.ts";

// What is known to be control traffic by its type alone (RFC 5438 §9, RFC 3994 §6); wrapped in CPIM only its sender knows.
const controlTypes: ReadonlySet<string> = new Set(["message/imdn+xml", "application/im-iscomposing+xml"]);

/** @throws {LocalProtocolError} `not-sending`: ordinary content, and the direction lets none out */
export function checkDirection(
  direction: ContentDirection,
  contentType: string,
  control: boolean | undefined,
): void {
  if (direction === "sendrecv" || direction === "sendonly") return;
  if (control ?? controlTypes.has(essence(contentType))) return;
  throw new LocalProtocolError("not-sending", `Cannot send content: the session is ${direction}`);
}
