const SMALLEST_BITS = 9;
const LARGEST_BITS = 22;
/** Of all buffers that wait for their next use. */
const KEPT_BYTES = 16 << 20;

/**
 * Page buffers by power of two. A sink opens and fills the same columns again at every flush: without reuse the
 * collector has to free megabytes outside its heap each second, which costs more CPU than decoding the rows.
 */
const free: Buffer<ArrayBuffer>[][] = [];
let kept = 0;

/** A buffer of at least this many bytes, its contents undefined. */
export function takeBuffer(bytes: number): Buffer<ArrayBuffer> {
  const bits = Math.max(SMALLEST_BITS, 32 - Math.clz32(bytes - 1));
  const waiting = free[bits]?.pop();
  if (waiting === undefined) return Buffer.from(new ArrayBuffer(2 ** bits));
  kept -= waiting.length;
  return waiting;
}

/** Hands a buffer from {@link takeBuffer} back; nobody may look at it afterwards. */
export function giveBack(buffer: Buffer<ArrayBuffer>): void {
  const bits = 31 - Math.clz32(buffer.length);
  if (bits > LARGEST_BITS || 2 ** bits !== buffer.length) return;
  if (kept + buffer.length > KEPT_BYTES) return;
  kept += buffer.length;
  (free[bits] ??= []).push(buffer);
}
