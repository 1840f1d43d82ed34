/**
 * The plugins of `msrpkit receive --out`: every message goes into a file, and a sender that asks under an old
 * Message-ID is told which octets are here. docs/1.guide/sessions.md describes the resuming.
 */
import { definePlugin, type Plugin } from "../../core/mod.ts";
import { reassembly } from "../../plugins/mod.ts";
import { EXIT_FILE } from "../exit_codes.ts";
import { type FileSinkEvents, fileSink } from "../files/file_sink.ts";
import type { FileStore, IncomingFile } from "../files/file_store.ts";
import { OCTET_STREAM } from "../files/media_type.ts";
import { reasonOf } from "../files/reason_of.ts";
import { ProgressMeter } from "./progress.ts";
import type { Terminal } from "./terminal.ts";
import { formatBytes, formatSpeed, megabytesPerSecond } from "./units.ts";

/** What `receive` uses. */
export interface Storing {
  /** Answers senders that want to resume. */
  readonly plugin: Plugin;
  /** Reassembles into files. */
  readonly reassembly: Plugin;
  /** Messages so far that ended before they were complete. */
  readonly cutOff: number;
  /** Resolves when no message is being written: what was cut off by the end of the node is safe on the disk. */
  settled(): Promise<void>;
}

interface Transfer {
  readonly meter: ProgressMeter;
  readonly startedAt: number;
  readonly held: number;
}

/** Stores messages in the folder of `store` and reports them to `terminal`. */
export function storing(store: FileStore, terminal: Terminal): Storing {
  const transfers = new Map<IncomingFile, Transfer>();
  let cutOff = 0;
  const waiting: (() => void)[] = [];
  const begin = (file: IncomingFile): void => {
    const found = store.resumable(file.messageId);
    const held = found !== undefined && found.total === file.total ? found.received.octets : 0;
    if (held > 0) terminal.note(`resuming: ${formatBytes(held)} are here already`);
    const { messageId, contentType, total } = file;
    terminal.result({ event: "receiving", messageId, contentType, total }, undefined);
    const meter = new ProgressMeter(terminal, "receiving", held);
    transfers.set(file, { meter, startedAt: performance.now(), held });
  };
  const end = (file: IncomingFile): Transfer => {
    const transfer = transfers.get(file)!;
    transfers.delete(file);
    transfer.meter.finish();
    if (transfers.size === 0) for (const done of waiting.splice(0)) done();
    return transfer;
  };
  return {
    get cutOff() {
      return cutOff;
    },
    settled: () =>
      transfers.size === 0 ? Promise.resolve() : new Promise((resolve) => waiting.push(resolve)),
    plugin: resumeAnswer(store),
    reassembly: reassembly({
      onMessageStart: ({ messageId, contentType, total, headers }) => {
        const file: IncomingFile = {
          messageId,
          contentType: contentType ?? OCTET_STREAM,
          contentDisposition: headers.get("Content-Disposition"),
          total,
        };
        begin(file);
        const events: FileSinkEvents = {
          progress: (_, bytes) => transfers.get(file)?.meter.update(bytes, total),
          completed: (_, path, bytes) => {
            const { startedAt, held } = end(file);
            const milliseconds = performance.now() - startedAt;
            const speed = megabytesPerSecond(bytes - held, milliseconds);
            terminal.result(
              {
                event: "received",
                messageId,
                contentType: file.contentType,
                path,
                bytes,
                milliseconds: Math.round(milliseconds),
                ...(held > 0 ? { resumedAfterBytes: held } : {}),
              },
              `${path}  ${formatBytes(bytes)}  ${formatSpeed(speed)}`,
            );
          },
          ended: (_, keptPath, reason) => {
            end(file);
            cutOff += 1;
            terminal.result(
              { event: "interrupted", messageId, ...(keptPath === undefined ? {} : { keptPath }) },
              undefined,
            );
            terminal.note(
              keptPath === undefined
                ? `transfer given up: ${reason.message}`
                : `transfer interrupted: ${reason.message}; the part is kept in ${keptPath}, and the sender can go on with --resume ${messageId}`,
            );
          },
        };
        try {
          return { sink: fileSink(store, file, events) };
        } catch (error) {
          end(file);
          cutOff += 1;
          terminal.error(`cannot store a message: ${reasonOf(error as Error)}`, EXIT_FILE);
          return { reject: 413, comment: "Message Cannot Be Stored" };
        }
      },
    }),
  };
}

/**
 * Tells a sender which octets of an interrupted message are here. It asks with a SEND that has the old Message-ID
 * and no body; the answer is an ordinary success REPORT for the range (RFC 4975 §7.1.2 lets a receiver report parts).
 */
function resumeAnswer(store: FileStore): Plugin {
  return definePlugin({
    name: "resume-answer",
    chunk: (c, next) => {
      const { messageId } = c;
      const found = c.body === undefined && messageId !== undefined ? store.resumable(messageId) : undefined;
      const end = found?.received.contiguousEnd ?? 0;
      if (found !== undefined && messageId !== undefined && end > 0) {
        c.session.report({ messageId, byteRange: { start: 1, end, total: found.total }, status: 200 });
      }
      return next();
    },
  });
}
