// All nine pairs of runtimes exchange 100 MiB that are full of look-alike end-lines, over TCP and TLS.
// The quick form of the same suite is tests/cli/pairs_test.ts.
import { installed } from "../support/command.ts";
import { echoPair } from "../support/echo_pair.ts";

for (const server of installed) {
  for (const client of installed) {
    echoPair(server, client, false, 104_857_600);
    echoPair(server, client, true, 104_857_600);
  }
}
