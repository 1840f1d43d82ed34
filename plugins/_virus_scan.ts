/**
 * One message on its way through a scanner, with a time limit, a size limit and the choice of what happens when the
 * scanner fails. Nothing here throws or rejects: every trouble becomes a finding.
 */
import type { PluginHost } from "../core/mod.ts";
import type { Finding } from "./_inspection.ts";

/** What a scanner says of a message. */
export interface ScanVerdict {
  readonly infected: boolean;
  /** Name of what was found. */
  readonly name?: string;
}

/** A message that is being scanned. */
export interface ContentScan {
  /** Takes octets, in order; they are valid during the call only. A promise holds back the sender until it resolves. */
  write(bytes: Uint8Array): void | Promise<void>;
  /** Every octet was written. Rejects when the scanner cannot say. */
  finish(): Promise<ScanVerdict>;
  /** The message is not wanted any more. Further calls do nothing. */
  abort(): void;
}

/** What scans messages: `clamd()` of `msrpkit/clamd`, or an object of your own. */
export interface ContentScanner {
  /** Begins with a message. What throws or rejects later is a failure of the scanner. */
  open(): ContentScan;
}

/** How a message is scanned. */
export interface VirusScanOptions {
  readonly scanner: ContentScanner;
  /** Milliseconds for the scanner to take octets, and again to decide. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
  /** What becomes of a message that could not be scanned. */
  readonly onFailure: "refuse" | "pass";
}

/** One scan. */
export class VirusScan {
  readonly #options: VirusScanOptions;
  readonly #host: PluginHost;
  #scan: ContentScan | undefined;
  #octets = 0;
  #trouble: Finding | undefined;

  constructor(options: VirusScanOptions, host: PluginHost) {
    this.#options = options;
    this.#host = host;
    try {
      this.#scan = options.scanner.open();
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Takes octets; a promise when the sender should wait. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    if (this.#scan === undefined) return undefined;
    this.#octets += bytes.length;
    if (this.#octets > this.#options.maxBytes) {
      this.#trouble ??= this.#finding("too large to scan", 413);
      this.abort();
      return undefined;
    }
    try {
      const taken = this.#scan.write(bytes);
      if (taken === undefined) return undefined;
      return this.#within(taken).catch((error: unknown) => this.#failed(error));
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  /** Nothing follows: what the scanner says; undefined = the message is clean. */
  async verdict(): Promise<Finding | undefined> {
    const scan = this.#scan;
    if (scan !== undefined) {
      try {
        const { infected, name } = await this.#within(scan.finish());
        this.#scan = undefined;
        return infected ? { rule: "virus", status: 403, detail: name ?? "infected" } : undefined;
      } catch (error) {
        this.#failed(error);
      }
    }
    return this.#trouble ?? this.#finding("scan aborted", 403);
  }

  /** Set when the message will be refused because it cannot be scanned: it need not come to its end. */
  get doomed(): Finding | undefined {
    return this.#trouble?.status === 200 ? undefined : this.#trouble;
  }

  /** The message is not wanted any more. */
  abort(): void {
    const scan = this.#scan;
    this.#scan = undefined;
    try {
      scan?.abort();
    } catch (error) {
      this.#host.error(error, "scanner");
    }
  }

  #failed(error: unknown): void {
    this.#trouble ??= this.#finding("scanner failed", 403);
    this.#host.error(error, "scanner");
    this.abort();
  }

  #finding(detail: string, status: 403 | 413): Finding {
    return { rule: "scanner", status: this.#options.onFailure === "pass" ? 200 : status, detail };
  }

  #within<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const cancel = this.#host.setTimer(() => {
        reject(new Error(`The scanner did not answer within ${this.#options.timeoutMs} ms`));
      }, this.#options.timeoutMs);
      work.then(resolve, reject).finally(cancel);
    });
  }
}
