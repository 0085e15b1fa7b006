import { contains, type CharacterSet } from './character-set.ts';
import { PatternMistake } from './pattern-mistake.ts';
import { parsePattern, type Pattern } from './pattern-syntax.ts';

/** More states than any pattern for a column needs; a counted repetition of a counted repetition gets there quickly. */
const MAX_STATES = 10_000;
/** Sets of states kept; beyond it all are forgotten, so that memory stays bounded whatever the rows hold. */
const MAX_CACHED_SETS = 512;

type State =
  | { kind: 'set'; set: CharacterSet; next: number }
  | { kind: 'split'; next: number; other: number }
  | { kind: 'start' | 'end' | 'pass'; next: number }
  | { kind: 'match' };

interface StateSet {
  /** States that wait for a character. */
  readonly waiting: readonly number[];
  readonly matches: boolean;
  readonly matchesAtEnd: boolean;
  readonly after: Map<number, StateSet>;
}

/**
 * Finds a pattern anywhere in a text (anchor it with ^ and $) in one pass over the text, whatever the pattern: all
 * alternatives are followed at once and nothing is tried again, so that no row can make a rule take exponential time.
 */
export class LinearMatcher {
  readonly #states: State[] = [];
  readonly #start: number;
  #cache = new Map<string, StateSet>();
  #first: StateSet | null = null;

  /** @throws PatternMistake when the pattern is malformed, too large or needs backtracking */
  constructor(source: string) {
    const match = this.#add({ kind: 'match' });
    this.#start = this.#build(parsePattern(source), match);
  }

  test(text: string): boolean {
    let current = (this.#first ??= this.#closure([this.#start], true));
    for (let i = 0; i < text.length; i++) {
      if (current.matches) return true;
      const codePoint = text.codePointAt(i) as number;
      if (codePoint > 0xffff) i += 1;
      current = current.after.get(codePoint) ?? this.#advance(current, codePoint);
    }
    return current.matches || current.matchesAtEnd;
  }

  #advance(from: StateSet, codePoint: number): StateSet {
    const next = [this.#start];
    for (const id of from.waiting) {
      const state = this.#states[id] as Extract<State, { kind: 'set' }>;
      if (contains(state.set, codePoint)) next.push(state.next);
    }
    const reached = this.#closure(next, false);
    from.after.set(codePoint, reached);
    if (from.after.size > MAX_CACHED_SETS) from.after.clear();
    return reached;
  }

  #closure(ids: readonly number[], atStart: boolean): StateSet {
    const open = this.#follow(ids, atStart, false);
    const matches = open.matches;
    const matchesAtEnd = matches || this.#follow(ids, atStart, true).matches;
    // What waits decides what can follow; the rest is a matter of this place only.
    const key = `${open.waiting.join(',')}|${matches}|${matchesAtEnd}`;
    const known = this.#cache.get(key);
    if (known) return known;
    if (this.#cache.size >= MAX_CACHED_SETS) {
      this.#cache = new Map();
      this.#first = null;
    }
    const made: StateSet = { waiting: open.waiting, matches, matchesAtEnd, after: new Map() };
    this.#cache.set(key, made);
    return made;
  }

  #follow(ids: readonly number[], atStart: boolean, atEnd: boolean): { waiting: number[]; matches: boolean } {
    const seen = new Set<number>();
    const stack = [...ids];
    const waiting: number[] = [];
    let matches = false;
    for (let id = stack.pop(); id !== undefined; id = stack.pop()) {
      if (seen.has(id)) continue;
      seen.add(id);
      const state = this.#states[id] as State;
      if (state.kind === 'match') matches = true;
      else if (state.kind === 'set') waiting.push(id);
      else if (state.kind === 'split') stack.push(state.next, state.other);
      else if (state.kind === 'pass' || (state.kind === 'start' ? atStart : atEnd)) stack.push(state.next);
    }
    return { waiting: waiting.sort((a, b) => a - b), matches };
  }

  #add(state: State): number {
    if (this.#states.length >= MAX_STATES)
      throw new PatternMistake(
        `the pattern needs more than ${MAX_STATES} states: use smaller repetitions`,
        0,
      );
    return this.#states.push(state) - 1;
  }

  /** Adds the states of a pattern that go on at `next`; returns where they begin. */
  #build(pattern: Pattern, next: number): number {
    switch (pattern.node) {
      case 'set':
        return this.#add({ kind: 'set', set: pattern.set, next });
      case 'start':
      case 'end':
        return this.#add({ kind: pattern.node, next });
      case 'sequence':
        return pattern.parts.reduceRight((after, part) => this.#build(part, after), next);
      case 'choice':
        return pattern.parts
          .map((part) => this.#build(part, next))
          .reduce((other, begin) => this.#add({ kind: 'split', next: begin, other }));
      case 'repeat':
        return this.#repeat(pattern.part, pattern.least, pattern.most, next);
      default:
        return pattern satisfies never;
    }
  }

  #repeat(part: Pattern, least: number, most: number, next: number): number {
    let begin = next;
    if (most === Infinity) {
      const loop = this.#add({ kind: 'split', next, other: next });
      const body = this.#build(part, loop);
      this.#states[loop] = { kind: 'split', next: body, other: next };
      begin = loop;
    } else {
      for (let i = least; i < most; i++)
        begin = this.#add({ kind: 'split', next: this.#build(part, begin), other: next });
    }
    for (let i = 0; i < least; i++) begin = this.#build(part, begin);
    return begin;
  }
}
