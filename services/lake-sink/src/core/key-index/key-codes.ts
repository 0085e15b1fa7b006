import type { EngineVector } from '@hasivu/lake-engine';
import type { KeyLayout } from './key-layout.ts';

/**
 * Writes the codes of `rows` keys, one every `stride` words from word `at` of `target` on. The first word of a code is
 * spread evenly over its 32 bits, whatever the keys look like; together with the others it is still the key, whole.
 * @returns false where a key has no code
 */
export function writeKeyCodes(
  layout: KeyLayout,
  vectors: readonly EngineVector[],
  rows: number,
  target: Uint32Array,
  at: number,
  stride: number,
): boolean {
  const { codeWords, columns } = layout;
  for (let row = 0; row < rows; row += 1) target.fill(0, at + row * stride, at + row * stride + codeWords);
  let place = 0;
  for (const [index, { words }] of columns.entries()) {
    const vector = vectors[index] as EngineVector;
    if (vector.hasNull) return false;
    const from = new Uint32Array(vector.bytes.buffer, vector.bytes.byteOffset, rows * words);
    for (let word = 0; word < words; word += 1) {
      // The last word of a code comes first: it is the one that the others are mixed into.
      const to = at + ((place + word + 1) % codeWords);
      for (let row = 0; row < rows; row += 1) target[to + row * stride] = from[row * words + word] as number;
    }
    place += words;
  }
  for (let row = 0; row < rows; row += 1) {
    const first = at + row * stride;
    let mixed = 0;
    for (let word = codeWords - 1; word > 0; word -= 1)
      mixed = spread((target[first + word] as number) ^ mixed);
    target[first] = (target[first] as number) ^ mixed;
  }
  return true;
}

/** A one-to-one map of 32 bits that leaves no pattern of its argument (the end of MurmurHash3). */
function spread(value: number): number {
  let mixed = value ^ (value >>> 16);
  mixed = Math.imul(mixed, 0x85ebca6b);
  mixed ^= mixed >>> 13;
  mixed = Math.imul(mixed, 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
