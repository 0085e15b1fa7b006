/** Code points as inclusive ranges. */
export interface CharacterSet {
  readonly ranges: readonly (readonly [number, number])[];
  readonly negated: boolean;
}

export const ANY: CharacterSet = { ranges: [[10, 10]], negated: true };

const DIGIT: [number, number][] = [[48, 57]];
const WORD: [number, number][] = [
  [48, 57],
  [65, 90],
  [95, 95],
  [97, 122],
];
const SPACE: [number, number][] = [
  [9, 13],
  [32, 32],
  [0xa0, 0xa0],
  [0x1680, 0x1680],
  [0x2000, 0x200a],
  [0x2028, 0x2029],
  [0x202f, 0x202f],
  [0x205f, 0x205f],
  [0x3000, 0x3000],
  [0xfeff, 0xfeff],
];

/** Sets of `\d \w \s` and their opposites. */
export function escapedSet(letter: string): CharacterSet | null {
  const base = { d: DIGIT, w: WORD, s: SPACE }[letter.toLowerCase()];
  return base ? { ranges: base, negated: letter !== letter.toLowerCase() } : null;
}

/** The ranges of a set with its negation worked out. */
export function positiveRanges(set: CharacterSet): (readonly [number, number])[] {
  if (!set.negated) return [...set.ranges];
  const sorted = [...set.ranges].sort((a, b) => a[0] - b[0]);
  const gaps: [number, number][] = [];
  let from = 0;
  for (const [low, high] of sorted) {
    if (low > from) gaps.push([from, low - 1]);
    from = Math.max(from, high + 1);
  }
  if (from <= 0x10ffff) gaps.push([from, 0x10ffff]);
  return gaps;
}

export function contains(set: CharacterSet, codePoint: number): boolean {
  for (const [low, high] of set.ranges) if (codePoint >= low && codePoint <= high) return !set.negated;
  return set.negated;
}
