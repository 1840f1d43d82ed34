/**
 * What the options of the plugins around CPIM have in common, for their schemas. Apart from `_options.ts` because it knows
 * what an address is.
 */
import { z } from "zod";
import { isAbsoluteUri } from "./_cpim_text.ts";
import type { CpimAddress } from "./_cpim_types.ts";

/** An address: a URI, or one with a name. */
export const addressSchema: z.ZodType<CpimAddress | string> = z
  .union([
    z.string(),
    z.strictObject({ display: z.exactOptional(z.union([z.string(), z.undefined()])), uri: z.string() }),
  ])
  .refine((address) => isAbsoluteUri(typeof address === "string" ? address : address.uri), {
    error: "an absolute URI is wanted, such as sip:alice@example.org",
  });
