/** Words of an entry behind its code: the number of the file, the row in it. */
export const PLACE_WORDS = 2;

/** Upper bits of the first word that entries are dealt out by. */
const DEAL_BITS = 16;
/** Above it the entries of one deal are sorted by the library: only unlike first words make them few. */
const FEW = 32;

/** Orders entries of `words` words each by their first word, from one array into another. */
export function orderEntries(entries: Uint32Array, count: number, words: number, ordered: Uint32Array): void {
  const shift = 32 - DEAL_BITS;
  const ends = new Uint32Array((1 << DEAL_BITS) + 1);
  for (let at = 0; at < count; at += 1) {
    const deal = ((entries[at * words] as number) >>> shift) + 1;
    ends[deal] = (ends[deal] as number) + 1;
  }
  for (let deal = 1; deal < ends.length; deal += 1)
    ends[deal] = (ends[deal] as number) + (ends[deal - 1] as number);
  for (let at = 0; at < count; at += 1) {
    const deal = (entries[at * words] as number) >>> shift;
    const to = ends[deal] as number;
    ends[deal] = to + 1;
    for (let word = 0; word < words; word += 1)
      ordered[to * words + word] = entries[at * words + word] as number;
  }
  // Each end has moved to where the next deal begins.
  let first = 0;
  for (let deal = 0; deal < 1 << DEAL_BITS; deal += 1) {
    const end = ends[deal] as number;
    if (end - first > FEW) orderMany(ordered, first, end, words);
    else if (end - first > 1) orderFew(ordered, first, end, words);
    first = end;
  }
}

function orderFew(entries: Uint32Array, first: number, end: number, words: number): void {
  for (let at = first + 1; at < end; at += 1) {
    for (let to = at; to > first; to -= 1) {
      const left = (to - 1) * words;
      if ((entries[left] as number) <= (entries[left + words] as number)) break;
      for (let word = 0; word < words; word += 1) {
        const moved = entries[left + word] as number;
        entries[left + word] = entries[left + words + word] as number;
        entries[left + words + word] = moved;
      }
    }
  }
}

function orderMany(entries: Uint32Array, first: number, end: number, words: number): void {
  const before = entries.slice(first * words, end * words);
  const order = Array.from({ length: end - first }, (_, index) => index).sort(
    (left, right) => (before[left * words] as number) - (before[right * words] as number),
  );
  for (const [index, from] of order.entries())
    entries.set(before.subarray(from * words, (from + 1) * words), (first + index) * words);
}
