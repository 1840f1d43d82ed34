// `msrpkit echo` of this runtime answers `msrpkit send` of every installed one, over TCP and TLS.
// Three runs of the suite make the nine pairs; tests/interop/pairs_test.ts repeats them with 100 MiB.
import { installed, ownRuntime } from "../support/command.ts";
import { echoPair } from "../support/echo_pair.ts";

for (const client of installed) {
  echoPair(ownRuntime, client, false, 3_000_000);
  echoPair(ownRuntime, client, true, 3_000_000);
}
