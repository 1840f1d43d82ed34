/**
 * Joins a message that is being received to a file: octets go to their positions as they come, and what becomes of
 * the message decides what becomes of the file.
 */
import type { MessageSink } from "../../core/mod.ts";
import type { FileStore, IncomingFile } from "./file_store.ts";
import type { PartFile } from "./part_file.ts";

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
 */
export function fileSink(store: FileStore, message: IncomingFile, events: FileSinkEvents): MessageSink {
  const resumed = store.take(message.messageId, message.total);
  const part: Promise<PartFile> = store.begin(message, resumed);
  // A failure to open is told by the first write or by close, whichever comes; until then nobody listens.
  part.catch(() => undefined);
  return {
    ...(resumed === undefined ? {} : { received: [...resumed.received] }),
    async write(position, bytes) {
      const file = await part;
      await file.write(position, bytes);
      events.progress(message, file.size);
    },
    async close(total) {
      const file = await part;
      events.completed(message, await file.complete(total), total);
    },
    async abort(reason) {
      const file = await part.catch(() => undefined);
      if (file === undefined) return events.ended(message, undefined, reason);
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
