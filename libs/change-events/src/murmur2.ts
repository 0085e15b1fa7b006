const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** Kafka's default hash of a record key (32-bit murmur2, signed), so that other producers pick the same partition. */
export function murmur2(buf: Buffer, start: number, end: number): number {
  const length = end - start;
  let h = SEED ^ length;
  let i = start;
  for (const stop = start + (length & ~3); i < stop; i += 4) {
    let k =
      (buf[i] as number) |
      ((buf[i + 1] as number) << 8) |
      ((buf[i + 2] as number) << 16) |
      ((buf[i + 3] as number) << 24);
    k = Math.imul(k, M);
    k ^= k >>> 24;
    h = Math.imul(h, M) ^ Math.imul(k, M);
  }
  const rest = length & 3;
  if (rest === 3) h ^= (buf[i + 2] as number) << 16;
  if (rest >= 2) h ^= (buf[i + 1] as number) << 8;
  if (rest >= 1) h = Math.imul(h ^ (buf[i] as number), M);
  h ^= h >>> 13;
  h = Math.imul(h, M);
  return h ^ (h >>> 15);
}

export function partitionOf(buf: Buffer, start: number, end: number, partitions: number): number {
  return (murmur2(buf, start, end) & 0x7fffffff) % partitions;
}
