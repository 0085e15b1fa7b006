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

/** Longest signal that is read, in bytes: what is asked for is kept in every progress record. */
export const MAX_SIGNAL_BYTES = 64 * 1024;

const MAX_NAMES = 1_000;
/** Two names of the server's longest, each with every character escaped. */
const MAX_NAME_LENGTH = 260;
const MAX_FILTER_BYTES = 8 * 1024;

/** A signal that cannot be followed, and why. */
export class SignalMistake extends Error {}

/**
 * @param data JSON, or what a message had in its place
 * @throws SignalMistake
 */
export function parseSignal(type: string, data: unknown): Signal {
  switch (type) {
    case 'execute-snapshot':
      return executeOf(objectOf(data));
    case 'stop-snapshot':
      return stopOf(data === null || (typeof data === 'string' && data.trim() === '') ? {} : objectOf(data));
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
  /** JSON, or the value that stands in its place. */
  readonly data: unknown;
} {
  const { id, type, data } = objectOf(content);
  if (typeof type !== 'string') throw new SignalMistake('it has no type');
  return {
    id: typeof id === 'string' || typeof id === 'number' ? String(id) : null,
    type,
    data: data ?? null,
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
  if (names.length > MAX_NAMES) throw new SignalMistake(`data-collections has more than ${MAX_NAMES} names`);
  if ((names as string[]).some((name) => name.length > MAX_NAME_LENGTH))
    throw new SignalMistake(`data-collections has a name of more than ${MAX_NAME_LENGTH} characters`);
  return [...new Set((names as string[]).map(plainName))];
}

/** By table; under the empty name what holds for all of them. */
function filtersOf(data: Record<string, unknown>): ReadonlyMap<string, string> {
  const filters = new Map<string, string>();
  const add = (table: string, filter: unknown): void => {
    if (typeof filter !== 'string') throw new SignalMistake('a filter is no text');
    if (Buffer.byteLength(filter) > MAX_FILTER_BYTES)
      throw new SignalMistake(`a condition has more than ${MAX_FILTER_BYTES} bytes`);
    const mistake = filterMistake(filter);
    if (mistake !== null) throw new SignalMistake(mistake);
    filters.set(table, filter);
  };
  if (data['additional-condition'] !== undefined) add('', data['additional-condition']);
  const conditions = data['additional-conditions'] ?? [];
  if (!Array.isArray(conditions)) throw new SignalMistake('additional-conditions is not a list');
  for (const condition of conditions as unknown[]) {
    if (!isObject(condition)) throw new SignalMistake('a condition is no object');
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

function objectOf(data: unknown): Record<string, unknown> {
  const value = typeof data === 'string' ? parsed(data) : data;
  if (isObject(value)) return value;
  throw new SignalMistake('its data is not a JSON object');
}

function parsed(text: string): unknown {
  if (Buffer.byteLength(text) > MAX_SIGNAL_BYTES)
    throw new SignalMistake(`it has more than ${MAX_SIGNAL_BYTES} bytes`);
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words hold a part of the text.
    return null;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
