/**
 * `msrpkit receive`: waits for messages, prints texts or stores every message as a file.
 * It tells a sender that resumes an interrupted transfer what is here already.
 */
import * as Effect from "effect/Effect";
import {
  createSessionId,
  type Message,
  Msrp,
  type RelayClient,
  type RelayPath,
  type UnknownSession,
} from "../../core/mod.ts";
import { reassembly, reports } from "../../plugins/mod.ts";
import { EXIT_NOT_DELIVERED, EXIT_OK } from "../exit_codes.ts";
import { FileStore } from "../files/file_store.ts";
import { attempt, runProgram, scopedNode, untilSignal } from "../lifetime.ts";
import { sessionUri } from "./addresses.ts";
import { type ListeningOptions, listenAddresses, openListeners } from "./listening.ts";
import { type OwnRelayOptions, pathText, scopedRelay } from "./own_relay.ts";
import { printMessage } from "./print_message.ts";
import { DEFAULT_LISTEN } from "./program.ts";
import { type Storing, storing } from "./storing.ts";
import type { Terminal } from "./terminal.ts";

/** Options of `msrpkit receive`. */
export interface ReceiveOptions extends ListeningOptions, OwnRelayOptions {
  /** Folder for messages as files. */
  out?: string;
  /** End after this many messages. */
  count?: number;
  /** Print events as JSON lines. */
  json?: boolean;
}

/** Receives until `--count` messages are there or a signal ends it; returns the exit status. */
export async function runReceive(options: ReceiveOptions, terminal: Terminal): Promise<number> {
  // Behind a relay nobody needs to connect to this machine.
  const onlyRelay = options.relay !== undefined && options.listen === undefined;
  const addresses = onlyRelay ? [] : listenAddresses(options, DEFAULT_LISTEN);
  // RFC 4975 §14.1: the session-id is what keeps others out, so without a given one it is one nobody can guess.
  const sessionIds = addresses.map((address) => address.sessionId ?? createSessionId());
  const wanted = new Set(sessionIds);
  const welcome = ({ local }: UnknownSession): boolean => wanted.has(local.sessionId ?? "");

  let cutOffBefore = Number.POSITIVE_INFINITY;
  let files: Storing | undefined;

  const program = Effect.gen(function* () {
    const store =
      options.out === undefined ? undefined : yield* attempt(async () => FileStore.open(options.out!));
    files = store === undefined ? undefined : storing(store, terminal);
    // Runs after the node was closed: parts of transfers that this cuts off must reach the disk.
    yield* Effect.addFinalizer(() => Effect.promise(() => files?.settled() ?? Promise.resolve()));
    const counter = new Countdown(options.count ?? Number.POSITIVE_INFINITY);
    const app = yield* scopedNode(() => {
      const node = new Msrp({ acceptUnknown: welcome });
      if (files !== undefined) node.use(files.plugin);
      return node
        .use(files === undefined ? reassembly({ mode: "stream" }) : files.reassembly, reports())
        .onMessage(async (message: Message) => {
          if (files === undefined) await printMessage(message, terminal);
          counter.tick();
        });
    });
    const { uris, certificate } = yield* openListeners(app, addresses, options, terminal);
    for (const [index, uri] of uris.entries()) {
      const own = sessionUri(uri, sessionIds[index]!);
      const fingerprint = uri.scheme === "msrps" ? certificate?.fingerprint : undefined;
      terminal.result(
        { event: "listening", uri: own, ...(fingerprint === undefined ? {} : { fingerprint }) },
        undefined,
      );
      terminal.note(`waiting for messages to ${own}`);
    }
    const relay = yield* scopedRelay(app, options, terminal);
    if (relay !== undefined) {
      const path = yield* attempt((signal) => relay.path(signal));
      waitBehind(relay, path, wanted, terminal);
    }
    if (store !== undefined && store.resumableCount > 0) {
      terminal.note(`${store.resumableCount} interrupted transfer(s) in ${options.out} can be resumed`);
    }
    return yield* untilSignal(
      Effect.map(
        Effect.promise(() => counter.done),
        () => EXIT_OK,
      ),
      () => {
        cutOffBefore = files?.cutOff ?? 0;
        return EXIT_OK;
      },
    );
  });
  const status = await runProgram(program);
  return (files?.cutOff ?? 0) > cutOffBefore ? EXIT_NOT_DELIVERED : status;
}

/** Lets in whoever comes by the path, and by each that follows it; says what to give to the sender. */
function waitBehind(relay: RelayClient, first: RelayPath, wanted: Set<string>, terminal: Terminal): void {
  const tell = (path: RelayPath): void => {
    wanted.add(path.local.sessionId ?? "");
    const uri = pathText(path);
    terminal.result({ event: "listening", uri }, undefined);
    terminal.note(`waiting for messages through the relay, to "${uri}"`);
  };
  let before: RelayPath | undefined;
  relay.onRenewed(({ path, replaces }) => {
    // The last but one has expired.
    if (before !== undefined) wanted.delete(before.local.sessionId ?? "");
    before = replaces;
    tell(path);
  });
  tell(first);
}

/** Settles `done` after a number of ticks. */
class Countdown {
  /** Settles when as many ticks have come as were asked for. */
  readonly done: Promise<void>;
  #left: number;
  #resolve: () => void = () => undefined;

  constructor(ticks: number) {
    this.#left = ticks;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  /** Counts one. */
  tick(): void {
    this.#left -= 1;
    if (this.#left === 0) this.#resolve();
  }
}
