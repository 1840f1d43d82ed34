/**
 * A service on Bun: it listens for MSRP sessions and greets whoever opens one. Run it with `bun samples/bun_service.ts`
 * and try it with `msrpkit send --to "msrp://127.0.0.1:2855/me;tcp" "Ada" --echo`.
 */

import { listen } from "../adapters/bun.ts";
import { Msrp } from "../mod.ts";

const app = new Msrp({ acceptUnknown: () => true });
app.onMessage(async (message, session) => {
  session.send(`Hello, ${await message.text()}!`);
});

const listener = await listen(app, "msrp://127.0.0.1:2855;tcp");
console.log(`listening on ${listener.uri.text}`);
