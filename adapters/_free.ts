// Gives the memory of octets back at once, where the runtime can. Arrays of 16 to 512 KiB for each read are garbage that
// collectors see late, and fifty megabytes of it pile up before they do.

/** A buffer that can be emptied (ECMAScript 2024; Bun, Deno, and Node from 22 on). */
interface Transferable {
  transfer?(newByteLength: number): unknown;
}

/**
 * Frees octets that nobody looks at any more: their array, and every other view of its buffer, is empty afterwards. Does
 * nothing to a view of a part, because the rest of the buffer is somebody else's.
 */
export function free({ buffer, byteLength }: Uint8Array): void {
  if (buffer.byteLength === byteLength && byteLength > 0) (buffer as Transferable).transfer?.(0);
}
