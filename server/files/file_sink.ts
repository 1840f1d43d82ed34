/**
 * Joins a message that is being received to a file: octets go to their positions as they come.
 * What becomes of the message decides what becomes of the file.
 */
import type { MessageSink } from "../../core/mod.ts";
import type { FileStore, IncomingFile } from "./file_store.ts";

/** What a sink tells the command. */
export interface FileSinkEvents {
  /** Octets were written; `bytes` are there now. */
  readonly progress: (message: IncomingFile, bytes: number) => void;
  /** The message is complete, under this path. */
  readonly completed: (message: IncomingFile, path: string, bytes: number) => void;
  /** The message was given up: `keptPath` is where its part is kept for later, `undefined` when it was removed. */
  readonly ended: (message: IncomingFile, keptPath: string | undefined, reason: Error) => void;
}

/**
 * The sink for one message. An interrupted transfer of the same Message-ID and size is continued.
 *
 * @param store the folder
 * @param message what is known of the message
 * @throws what the file system says when the file cannot be opened
 */
export function fileSink(store: FileStore, message: IncomingFile, events: FileSinkEvents): MessageSink {
  const resumed = store.take(message.messageId, message.total);
  const file = store.begin(message, resumed);
  return {
    ...(resumed === undefined ? {} : { received: [...resumed.received] }),
    write(position, bytes) {
      file.write(position, bytes);
      events.progress(message, file.size);
    },
    async close(total) {
      const path = await file.complete(total).catch((error: Error) => {
        // The part and its journal stay where they are; nobody aborts a sink that could not close.
        events.ended(message, undefined, error);
        throw error;
      });
      events.completed(message, path, total);
    },
    async abort(reason) {
      if (isGivenUp(reason) || file.size === 0) {
        await file.discard();
        events.ended(message, undefined, reason);
      } else {
        events.ended(message, await store.keep(file), reason);
      }
    },
  };
}

/** True when the sender itself ended the message (RFC 4975 §7.1: flag "#"), so that it will not come back to it. */
function isGivenUp(reason: Error): boolean {
  return (reason as { code?: string }).code === "aborted";
}
