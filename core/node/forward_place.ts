/**
 * A relayed session's place in the pipeline: its chunks pass the `chunk` stage like those of a session of the node, and
 * inside the stage stands whoever passes them on. There is no reassembly: messages are the endpoints' matter.
 */
import type { Session } from "../session/session.ts";
import type { RequestFrame } from "../wire/frame.ts";
import { NodeChunkContext } from "./contexts.ts";
import type { ForwardedSession, ForwardLink } from "./forwarding.ts";
import type { Place } from "./pipeline.ts";
import { ACCEPTED, type MaybeVerdict, Verdict } from "./verdict.ts";

type Forward = (frame: RequestFrame) => Verdict;

class ForwardChunkContext extends NodeChunkContext<Place> {
  forward: Forward = () => ACCEPTED;
}

/** The place of one relayed session. */
export class ForwardPlace implements Place, ForwardedSession {
  readonly session: Session;
  readonly own: readonly unknown[];
  readonly #chunk: (c: NodeChunkContext<Place>, own: readonly unknown[]) => MaybeVerdict;
  readonly #ended: (own: readonly unknown[], error: Error | undefined) => void;
  readonly #overdue: (c: NodeChunkContext<Place>) => void;
  #pending: ForwardChunkContext | undefined;
  #spare: ForwardChunkContext | undefined;
  #over = false;

  /** @param chunk runs the stage @param ended tells the plugins that the session is over @param overdue tells whose verdict does not come */
  constructor(
    session: Session,
    own: readonly unknown[],
    chunk: (c: NodeChunkContext<Place>, own: readonly unknown[]) => MaybeVerdict,
    ended: (own: readonly unknown[], error: Error | undefined) => void,
    overdue: (c: NodeChunkContext<Place>) => void,
  ) {
    this.session = session;
    this.own = own;
    this.#chunk = chunk;
    this.#ended = ended;
    this.#overdue = overdue;
  }

  chunk(frame: RequestFrame, link: ForwardLink, forward: Forward): MaybeVerdict {
    const c = this.#spare ?? new ForwardChunkContext();
    this.#spare = undefined;
    c.fill(frame, this.session, link.handle, this);
    c.forward = forward;
    const verdict = this.#chunk(c, this.own);
    if (verdict instanceof Verdict) this.#spare = c;
    else this.#pending = c;
    return verdict;
  }

  overdue(): void {
    if (this.#pending !== undefined) this.#overdue(this.#pending);
  }

  assemble(c: NodeChunkContext<Place>): MaybeVerdict {
    return (c as ForwardChunkContext).forward(c.frame);
  }

  handOver(): MaybeVerdict {
    return ACCEPTED; // messages are put together by the endpoints alone
  }

  end(error: Error | undefined): void {
    if (this.#over) return;
    this.#over = true;
    this.#ended(this.own, error);
  }
}
