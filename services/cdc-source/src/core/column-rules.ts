import type { ColumnSchema, TableSchema } from '@hasivu/change-events';
import type { TableColumnsConfig } from '@hasivu/config';
import { PlatformError } from '@hasivu/errors';

import { HASHED_KINDS, type ColumnTransform } from './column-transform.ts';
import { tableId } from './table-selection.ts';

/** A shape of a table with its rules applied. */
export interface RuledShape {
  /** What is written: without the columns that are left out, and with text where a value is treated. */
  readonly schema: TableSchema;
  /** By column of `schema`. */
  readonly transforms: readonly (ColumnTransform | null)[];
  /** By column of the original shape its column in `schema`, or -1; null where nothing is left out. */
  readonly slots: Int32Array | null;
}

interface NamedTransform {
  readonly rule: string;
  readonly names: readonly string[];
  readonly treat: (column: ColumnSchema) => ColumnTransform;
}

const TEXT: ColumnSchema['type'] = { kind: 'string' };

/** What is left out and treated of one table's columns. A column is given by all the names it had, with | between. */
export class ColumnRules {
  readonly #table: string;
  readonly #include: readonly string[] | null;
  readonly #exclude: readonly (readonly string[])[];
  readonly #transforms: readonly NamedTransform[];

  constructor(table: string, config: TableColumnsConfig) {
    this.#table = table;
    this.#include = config.include?.flatMap(namesOf) ?? null;
    this.#exclude = (config.exclude ?? []).map(namesOf);
    const { hash } = config;
    this.#transforms = [
      ...Object.entries(config.mask ?? {}).map(([column, text]): NamedTransform => {
        const bytes = Buffer.from(text);
        return {
          rule: 'mask',
          names: namesOf(column),
          treat: ({ type }) => ({ kind: 'mask', bytes, of: type }),
        };
      }),
      ...Object.entries(config.truncate ?? {}).map(([column, characters]): NamedTransform => ({
        rule: 'truncate',
        names: namesOf(column),
        treat: ({ type }) => ({ kind: 'truncate', characters, of: type }),
      })),
      ...(hash?.columns ?? []).map((column): NamedTransform => ({
        rule: 'hash',
        names: namesOf(column),
        treat: ({ type }) => ({ kind: 'hash', salt: (hash as { salt: string }).salt, of: type }),
      })),
    ];
  }

  /** Whether a column leaves the database; the key always does. */
  keeps(column: string, key: readonly string[]): boolean {
    if (key.includes(column)) return true;
    if (this.#include !== null) return this.#include.includes(column);
    return !this.#exclude.some((names) => names.includes(column));
  }

  /**
   * @param alsoKnown columns that the table has though the shape lacks them: left out by the server already
   * @throws PlatformError SOURCE_TABLE_RULE where a rule finds none of its names, so that a column that was renamed is
   *   never written as it is, and where a rule does not suit the key or the type
   */
  apply(shape: TableSchema, alsoKnown: readonly string[]): RuledShape {
    const present = new Set(shape.columns.map((column) => column.name));
    const known = new Set([...present, ...alsoKnown]);
    for (const names of this.#exclude) {
      if (!names.some((name) => known.has(name)))
        throw this.#misfit(`no column is named ${names.join(' or ')}`);
      const part = names.find((name) => shape.key.includes(name));
      if (part !== undefined) throw this.#misfit(`"${part}" is part of the key and cannot be left out`);
    }
    for (const { rule, names } of this.#transforms) {
      if (!names.some((name) => present.has(name)))
        throw this.#misfit(`no column is named ${names.join(' or ')}, which ${rule} is for`);
    }
    const kept = shape.columns.filter((column) => this.keeps(column.name, shape.key));
    const transforms = kept.map((column) => this.#transformOf(column, shape.key));
    return {
      schema: {
        ...shape,
        columns: kept.map((column, i) =>
          transforms[i] ? { ...column, type: TEXT, pgType: 'text' } : column,
        ),
      },
      transforms,
      slots: kept.length === shape.columns.length ? null : slotsOf(shape.columns, kept),
    };
  }

  #transformOf(column: ColumnSchema, key: readonly string[]): ColumnTransform | null {
    const found = this.#transforms.find(({ names }) => names.includes(column.name));
    if (!found) return null;
    const { rule } = found;
    const { kind } = column.type;
    if (rule !== 'hash' && key.includes(column.name))
      throw this.#misfit(`"${column.name}" is part of the key: ${rule} would make different rows one`);
    if (rule === 'truncate' && kind !== 'string')
      throw this.#misfit(`truncate is for text, and "${column.name}" is ${column.pgType}`);
    if (rule === 'hash' && !HASHED_KINDS.has(kind))
      throw this.#misfit(
        `hash is for text, uuid, integers and bytes, and "${column.name}" is ${column.pgType}`,
      );
    return found.treat(column);
  }

  #misfit(why: string): PlatformError {
    const doing = `applying the column rules of ${this.#table}`;
    return new PlatformError('SOURCE_TABLE_RULE', { doing, why, context: { table: this.#table } });
  }
}

/** The shape itself where the table has no rules. */
export function ruledShape(
  rules: ReadonlyMap<string, ColumnRules>,
  shape: TableSchema,
  alsoKnown: readonly string[],
): RuledShape {
  const own = rules.get(tableId(shape));
  return own?.apply(shape, alsoKnown) ?? { schema: shape, transforms: [], slots: null };
}

export function columnRules(
  config: Readonly<Record<string, TableColumnsConfig>>,
): ReadonlyMap<string, ColumnRules> {
  return new Map(Object.entries(config).map(([table, rules]) => [table, new ColumnRules(table, rules)]));
}

function namesOf(column: string): string[] {
  return column.split('|');
}

function slotsOf(columns: readonly ColumnSchema[], kept: readonly ColumnSchema[]): Int32Array {
  return Int32Array.from(columns, (column) => kept.indexOf(column));
}
