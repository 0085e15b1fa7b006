import { filterMistake } from './filter-check.ts';

/** What a row of the signal table, or a message, asks for. */
export type Signal =
  | { readonly type: 'execute-snapshot'; readonly tables: readonly RequestedTable[] }
  /** null stops all. */
  | { readonly type: 'stop-snapshot'; readonly tables: readonly string[] | null }
  | { readonly type: 'pause-snapshot' }
  | { readonly type: 'resume-snapshot' }
  | { readonly type: 'log'; readonly message: string };

export interface RequestedTable {
  /** `schema.table`, with `*` in the table's part for any characters. */
  readonly pattern: string;
  readonly filter: string | null;
}

/** Characters of a signal: what is deeper or longer than any real one must not take the stream's time. */
const LONGEST_TEXT = 16_384;

/** A signal that cannot be followed, and why. */
export class SignalMistake extends Error {}

/** @throws SignalMistake */
export function parseSignal(type: string, data: string | null): Signal {
  switch (type) {
    case 'execute-snapshot':
      return executeOf(objectOf(data));
    case 'stop-snapshot':
      return stopOf(data === null || data.trim() === '' ? {} : objectOf(data));
    case 'pause-snapshot':
    case 'resume-snapshot':
      return { type };
    case 'log': {
      const { message } = objectOf(data);
      return { type, message: typeof message === 'string' ? message : '' };
    }
    default:
      throw new SignalMistake(
        `its type is ${JSON.stringify(type.slice(0, 40))}, not execute-snapshot, stop-snapshot, pause-snapshot, resume-snapshot or log`,
      );
  }
}

/** The same from a logical message, whose JSON has all three parts. @throws SignalMistake */
export function parseSignalMessage(content: string): {
  readonly id: string | null;
  readonly type: string;
  readonly data: string | null;
} {
  const { id, type, data } = objectOf(content);
  if (typeof type !== 'string') throw new SignalMistake('it has no type');
  return {
    id: typeof id === 'string' || typeof id === 'number' ? String(id) : null,
    type,
    data: data === undefined || data === null ? null : typeof data === 'string' ? data : JSON.stringify(data),
  };
}

function executeOf(data: Record<string, unknown>): Signal {
  demandIncremental(data);
  if (data['surrogate-key'] !== undefined)
    throw new SignalMistake('surrogate-key is not supported: rows are read in the order of their key');
  const tables = namesOf(data);
  if (tables === null) throw new SignalMistake('data-collections is missing');
  const filters = filtersOf(data);
  const strange = [...filters.keys()].find((name) => name !== '' && !tables.includes(name));
  if (strange !== undefined)
    throw new SignalMistake('additional-conditions names a table that data-collections does not');
  return {
    type: 'execute-snapshot',
    tables: tables.map((pattern) => ({ pattern, filter: filters.get(pattern) ?? filters.get('') ?? null })),
  };
}

function stopOf(data: Record<string, unknown>): Signal {
  demandIncremental(data);
  return { type: 'stop-snapshot', tables: namesOf(data) };
}

function demandIncremental({ type }: Record<string, unknown>): void {
  if (type === undefined || (typeof type === 'string' && type.toLowerCase() === 'incremental')) return;
  throw new SignalMistake('its data has another type than incremental');
}

function namesOf(data: Record<string, unknown>): readonly string[] | null {
  const names = data['data-collections'];
  if (names === undefined || names === null) return null;
  if (!Array.isArray(names) || names.length === 0 || names.some((name) => typeof name !== 'string'))
    throw new SignalMistake('data-collections is not a list of names');
  return [...new Set((names as string[]).map(plainName))];
}

/** By table; under the empty name what holds for all of them. */
function filtersOf(data: Record<string, unknown>): ReadonlyMap<string, string> {
  const filters = new Map<string, string>();
  const add = (table: string, filter: unknown): void => {
    if (typeof filter !== 'string') throw new SignalMistake('a filter is no text');
    const mistake = filterMistake(filter);
    if (mistake !== null) throw new SignalMistake(mistake);
    filters.set(table, filter);
  };
  if (data['additional-condition'] !== undefined) add('', data['additional-condition']);
  const conditions = data['additional-conditions'] ?? [];
  if (!Array.isArray(conditions)) throw new SignalMistake('additional-conditions is not a list');
  for (const condition of conditions as (Record<string, unknown> | null)[]) {
    if (typeof condition !== 'object' || condition === null)
      throw new SignalMistake('a condition is no object');
    const table = condition['data-collection'];
    if (typeof table !== 'string') throw new SignalMistake('a condition has no data-collection');
    add(plainName(table), condition['filter']);
  }
  return filters;
}

/** Debezium takes regular expressions: a dot that is written `\.` is a dot. */
function plainName(name: string): string {
  return name.replaceAll('\\.', '.').replaceAll('"', '');
}

function objectOf(text: string | null): Record<string, unknown> {
  if ((text?.length ?? 0) > LONGEST_TEXT) throw new SignalMistake('its data is too long');
  try {
    const value = JSON.parse(text ?? '') as unknown;
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch {
    // Told below: the parser's own words hold a part of the text.
  }
  throw new SignalMistake('its data is not a JSON object');
}
