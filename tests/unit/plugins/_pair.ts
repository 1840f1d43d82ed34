// Two nodes over a pipe in memory with a clock that the test moves: what plugins are tested with.
// The receiving one takes any session and has the plugins under test.
import { FakeClock, MemoryNetwork } from "../../../adapters/memory.ts";
import { Msrp, type MsrpOptions, type Plugin, type Session } from "../../../core/mod.ts";

export interface NodePair {
  readonly clock: FakeClock;
  readonly sender: Msrp;
  readonly receiver: Msrp;
  /** Opens one more session from the sender to the receiver. */
  connect(): Promise<Session>;
  close(): Promise<void>;
}

export function nodePair(plugins: readonly Plugin[], options: MsrpOptions = {}): NodePair {
  const clock = new FakeClock();
  const network = new MemoryNetwork({ clock });
  const sender = new Msrp({ clock });
  const receiver = new Msrp({ clock, acceptUnknown: () => true, ...options }).use(...plugins);
  network.listen("bob.example", 2855, receiver.accept);
  let sessions = 0;
  return {
    clock,
    sender,
    receiver,
    connect() {
      sessions++;
      const local = `msrp://alice.example:2855/aliceSession${sessions};tcp`;
      const remote = `msrp://bob.example:2855/bobSession${sessions};tcp`;
      return sender.connect({ local, remote }, network.connect);
    },
    async close() {
      await sender.close({ drainMs: 0 });
      await receiver.close({ drainMs: 0 });
    },
  };
}
