import { sourceOf } from './change-pairs.ts';
import type { Difference, Typed } from './difference.ts';
import { RULES } from './rules/rules.ts';

const SHOWN_CHARS = 300;

/** Sorts differences into those that a rule explains, counted by its id, and the others, counted by their place. */
export class Findings {
  readonly explained = new Map<string, number>();
  readonly #unexplained = new Map<string, { count: number; readonly first: string }>();
  events = 0;

  readonly report = (difference: Difference): void => {
    const rule = RULES.find(({ explains }) => explains(difference));
    if (rule) {
      this.explained.set(rule.id, (this.explained.get(rule.id) ?? 0) + 1);
      return;
    }
    const { table, op, path, pgType } = difference;
    const place = `${table} ${op} ${path}${pgType && ` (${pgType})`}`;
    const known = this.#unexplained.get(place);
    if (known) known.count++;
    else this.#unexplained.set(place, { count: 1, first: describe(difference) });
  };

  /** A line per place, with the position and the values of its first difference. */
  get unexplained(): string[] {
    return [...this.#unexplained].map(
      ([place, { count, first }]) => `${place}: ${count} times, first ${first}`,
    );
  }

  get unused(): string[] {
    return [...new Set(RULES.map(({ id }) => id))].filter((id) => !this.explained.has(id));
  }
}

function describe({ pair, debezium, ours }: Difference): string {
  const source = pair && sourceOf(pair.ours);
  const position = source ? `at ${String(source['commit_lsn'])}:${String(source['seq'])}, ` : '';
  return `${position}Debezium ${printed(debezium)}, ours ${printed(ours)}`;
}

function printed(side: Typed | null): string {
  if (side === null) return 'nothing';
  const text = JSON.stringify(side.value, (_, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    const bytes = value as { type?: unknown; data?: number[] } | null;
    return bytes?.type === 'Buffer' ? `hex ${Buffer.from(bytes.data ?? []).toString('hex')}` : value;
  });
  return `${side.type.name || side.type.base} ${(text ?? 'undefined').slice(0, SHOWN_CHARS)}`;
}
