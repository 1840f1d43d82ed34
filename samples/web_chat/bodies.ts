/**
 * Schemas of the bodies that the rendezvous service takes: everything a stranger sends is checked here, once.
 * What they let through has the types of `protocol.ts`.
 */
import { z } from "zod";
import { maxHeld, type Signal } from "./protocol.ts";

const token = z.string().regex(/^[\w.+%=~-]{1,64}$/);
const name = z.string().min(1).max(64);

/** Body of `POST /api/sign-in`. */
export const signInBody: z.ZodType<{ user: string; password: string }> = z.strictObject({
  user: name,
  password: z.string().min(1).max(256),
});

const described = {
  call: token,
  sdp: z.string().min(1).max(16_384),
  held: z
    .array(z.strictObject({ messageId: token, octets: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER) }))
    .max(maxHeld),
};

const signal: z.ZodType<Signal> = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("offer"), ...described }),
  z.strictObject({ kind: z.literal("answer"), ...described }),
  z.strictObject({ kind: z.literal("refuse"), call: token, reason: z.string().max(200) }),
]);

/** Body of `POST /api/signals`. */
export const signalBody: z.ZodType<{ to: string; instance: string; signal: Signal }> = z.strictObject({
  to: name,
  instance: token,
  signal,
});

/** Query of `GET /api/events`. */
export const eventsQuery: z.ZodType<{ instance: string; after: number }> = z.object({
  instance: token,
  after: z.coerce.number().int().min(0).default(0),
});
