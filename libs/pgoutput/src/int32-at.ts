/** A signed 32-bit number in network order; in the hottest loops a call of `Buffer`'s own costs more than the number. */
export function int32At(src: Buffer, at: number): number {
  return (
    ((src[at] as number) << 24) |
    ((src[at + 1] as number) << 16) |
    ((src[at + 2] as number) << 8) |
    (src[at + 3] as number)
  );
}
