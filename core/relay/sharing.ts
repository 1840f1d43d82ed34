/**
 * How many ways share one connection, in and out. A way that has a link between relays for itself slows the link down; where there are
 * more, each waits for answers to its own SENDs instead, and the link, over which these answers come, is always read.
 */

/** The ways of one connection. */
export class Sharing {
  /** Ways that come in over it and have messages: that of a log-in further on keeps nobody waiting. */
  incoming = 0;
  /** Ways that go out over it, likewise. */
  outgoing = 0;
  /** Those of them that wait for answers over it. */
  awaiting = 0;

  /** Whether more than one uses it, in one direction. */
  get many(): boolean {
    return this.incoming > 1 || this.outgoing > 1 || this.awaiting > 0;
  }
}
