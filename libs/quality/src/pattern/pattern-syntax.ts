import { ANY, escapedSet, positiveRanges, type CharacterSet } from './character-set.ts';
import { PatternMistake } from './pattern-mistake.ts';

/** A regular expression in the narrow sense: nothing in it needs backtracking. */
export type Pattern =
  | { readonly node: 'set'; readonly set: CharacterSet }
  | { readonly node: 'start' | 'end' }
  | { readonly node: 'sequence' | 'choice'; readonly parts: readonly Pattern[] }
  | { readonly node: 'repeat'; readonly part: Pattern; readonly least: number; readonly most: number };

const MAX_REPEAT = 1000;
const MAX_DEPTH = 100;
const CONTROL: Record<string, number> = { n: 10, r: 13, t: 9, f: 12, v: 11, '0': 0 };

/** Parses the common subset of JavaScript's and Postgres' syntax. @throws PatternMistake */
export function parsePattern(source: string): Pattern {
  return new PatternParser(source).whole();
}

class PatternParser {
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(source: string) {
    this.#characters = Array.from(source);
  }

  whole(): Pattern {
    const pattern = this.#choice();
    if (this.#at < this.#characters.length) throw new PatternMistake('a ) without its (', this.#at);
    return pattern;
  }

  #choice(): Pattern {
    if (++this.#depth > MAX_DEPTH)
      throw new PatternMistake(`nested deeper than ${MAX_DEPTH} levels`, this.#at);
    const parts = [this.#sequence()];
    while (this.#take('|')) parts.push(this.#sequence());
    this.#depth -= 1;
    return parts.length === 1 ? (parts[0] as Pattern) : { node: 'choice', parts };
  }

  #sequence(): Pattern {
    const parts: Pattern[] = [];
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek())
      parts.push(this.#repeated(this.#atom()));
    return { node: 'sequence', parts };
  }

  #repeated(atom: Pattern): Pattern {
    let pattern = atom;
    for (;;) {
      const bounds = this.#bounds();
      if (!bounds) return pattern;
      if (atom.node === 'start' || atom.node === 'end')
        throw new PatternMistake("an anchor can't be repeated", this.#at);
      // Lazy and greedy differ in what they capture, not in whether they match.
      this.#take('?');
      pattern = { node: 'repeat', part: pattern, ...bounds };
    }
  }

  #bounds(): { least: number; most: number } | null {
    if (this.#take('*')) return { least: 0, most: Infinity };
    if (this.#take('+')) return { least: 1, most: Infinity };
    if (this.#take('?')) return { least: 0, most: 1 };
    if (this.#peek() !== '{') return null;
    const rest = this.#characters.slice(this.#at, this.#at + 12).join('');
    const match = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(rest);
    if (!match) throw new PatternMistake('a { that is no repetition: write \\{', this.#at);
    const least = Number(match[1]);
    const most = match[2] === undefined ? least : match[3] === undefined ? Infinity : Number(match[3]);
    if (least > MAX_REPEAT || (most !== Infinity && most > MAX_REPEAT) || most < least)
      throw new PatternMistake(
        `a repetition goes from 0 to ${MAX_REPEAT}, the smaller number first`,
        this.#at,
      );
    this.#at += match[0].length;
    return { least, most };
  }

  #atom(): Pattern {
    const at = this.#at;
    const character = this.#next();
    switch (character) {
      case '^':
        return { node: 'start' };
      case '$':
        return { node: 'end' };
      case '.':
        return { node: 'set', set: ANY };
      case '(':
        return this.#group();
      case '[':
        return { node: 'set', set: this.#class() };
      case '\\':
        return { node: 'set', set: this.#escape() };
      case '*':
      case '+':
      case '?':
      case '{':
        throw new PatternMistake(`nothing to repeat before ${character}`, at);
      default:
        return { node: 'set', set: single(character) };
    }
  }

  #group(): Pattern {
    const at = this.#at;
    if (this.#take('?') && !this.#take(':'))
      throw new PatternMistake('only plain groups and (?: are supported: no look-around, no names', at);
    const inner = this.#choice();
    if (!this.#take(')')) throw new PatternMistake('a ( without its )', at);
    return inner;
  }

  #class(): CharacterSet {
    const at = this.#at;
    const negated = this.#take('^');
    const ranges: (readonly [number, number])[] = [];
    while (!this.#take(']')) {
      if (this.#peek() === undefined) throw new PatternMistake('a [ without its ]', at);
      const low = this.#classItem();
      if (this.#peek() !== '-' || this.#characters[this.#at + 1] === ']') {
        ranges.push(...positiveRanges(low));
        continue;
      }
      this.#at += 1;
      const high = this.#classItem();
      const [from, to] = [only(low), only(high)];
      if (from === null || to === null || to < from)
        throw new PatternMistake('a range the wrong way round', at);
      ranges.push([from, to]);
    }
    return { ranges, negated };
  }

  #classItem(): CharacterSet {
    const character = this.#next();
    return character === '\\' ? this.#escape() : single(character);
  }

  #escape(): CharacterSet {
    const at = this.#at;
    const character = this.#next();
    const set = escapedSet(character);
    if (set) return set;
    const control = CONTROL[character];
    if (control !== undefined) return { ranges: [[control, control]], negated: false };
    if (character === 'u' || character === 'x') return this.#hex(character === 'u' ? 4 : 2);
    if (/[A-Za-z0-9]/.test(character))
      throw new PatternMistake(`\\${character} is not supported (no back-references, no word borders)`, at);
    return single(character);
  }

  #hex(digits: number): CharacterSet {
    const text = this.#characters.slice(this.#at, this.#at + digits).join('');
    if (!new RegExp(`^[0-9a-fA-F]{${digits}}$`).test(text))
      throw new PatternMistake(`${digits} hexadecimal digits are missing`, this.#at);
    this.#at += digits;
    const codePoint = parseInt(text, 16);
    return { ranges: [[codePoint, codePoint]], negated: false };
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const character = this.#characters[this.#at];
    if (character === undefined) throw new PatternMistake('the pattern ends too early', this.#at);
    this.#at += 1;
    return character;
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at += 1;
    return true;
  }
}

function single(character: string): CharacterSet {
  const codePoint = character.codePointAt(0) as number;
  return { ranges: [[codePoint, codePoint]], negated: false };
}

function only(set: CharacterSet): number | null {
  const [range] = set.ranges;
  return !set.negated && set.ranges.length === 1 && range?.[0] === range?.[1] ? (range?.[0] ?? null) : null;
}
