/** placeholder */
export interface ByteRange { start: number; end?: number; total?: number }
