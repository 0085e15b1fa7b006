const SMALLEST_BITS = 9;
const LARGEST_BITS = 22;
/** Buffers of one size that wait for their next use. */
const KEPT_BYTES_PER_SIZE = 8 << 20;

/**
 * Page buffers by power of two. A sink opens and fills the same columns again at every flush: without reuse the
 * collector has to free megabytes outside its heap each second, which costs more CPU than decoding the rows.
 */
const free: Buffer<ArrayBuffer>[][] = [];

/** A buffer of at least this many bytes, its contents undefined. */
export function takeBuffer(bytes: number): Buffer<ArrayBuffer> {
  const bits = Math.max(SMALLEST_BITS, 32 - Math.clz32(bytes - 1));
  return free[bits]?.pop() ?? Buffer.from(new ArrayBuffer(2 ** bits));
}

/** Hands a buffer from {@link takeBuffer} back; nobody may look at it afterwards. */
export function giveBack(buffer: Buffer<ArrayBuffer>): void {
  const bits = 31 - Math.clz32(buffer.length);
  if (bits > LARGEST_BITS || 2 ** bits !== buffer.length) return;
  const waiting = (free[bits] ??= []);
  if ((waiting.length + 1) * buffer.length <= Math.max(KEPT_BYTES_PER_SIZE, buffer.length))
    waiting.push(buffer);
}
