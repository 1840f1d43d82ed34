/**
 * A service on Deno: it listens for MSRP sessions and greets whoever opens one. Run it with
 * `deno run --allow-net samples/deno_service.ts` and send it your name with `msrpkit send`.
 */

import { listen } from "../adapters/deno.ts";
import { Msrp } from "../mod.ts";

const app = new Msrp({ acceptUnknown: () => true });
app.onMessage(async (message, session) => {
  session.send(`Hello, ${await message.text()}!`);
});

const listener = await listen(app, "msrp://127.0.0.1:2855;tcp");
console.log(`listening on ${listener.uri.text}`);
