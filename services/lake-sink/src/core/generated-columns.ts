import {
  field,
  generatedFields,
  GENERATION_EXPRESSION,
  generationExpression,
  sameType,
  type DeltaField,
  type TableState,
} from '@hasivu/delta';
import { PlatformError } from '@hasivu/errors';
import type { Generation } from '@hasivu/lake-engine';

/** Field metadata: the column is there because of this setting, and goes with it. */
const CONFIGURED = 'hasivu.generated';

/** A column that the table's rows have computed, and by what. */
export interface GeneratedColumn {
  readonly own: DeltaField;
  /** The engine's SQL over the other columns, by their names. */
  readonly sql: string;
  /** Names of those columns. */
  readonly columns: ReadonlySet<string>;
}

/** @param setting the expression as it is configured */
export function generatedColumn(
  name: string,
  setting: string,
  { type, spark, sql, columns }: Generation,
): GeneratedColumn {
  return { own: field(name, type, { [GENERATION_EXPRESSION]: spark, [CONFIGURED]: setting }), sql, columns };
}

/** The setting that the column is there for; null where the source, or another writer, has made it. */
export function settingOf({ metadata }: DeltaField): string | null {
  const setting = metadata[CONFIGURED];
  return typeof setting === 'string' ? setting : null;
}

/** Names of the table's columns whose values are computed; other metadata of that kind means nothing. */
export function generatedNames({ schema, protocol }: TableState): ReadonlySet<string> {
  return new Set(generatedFields(schema, protocol).map((own) => own.name));
}

function isGenerated(own: DeltaField): boolean {
  return generationExpression(own) !== null;
}

/** The column as one whose values are given. */
export function asGiven(own: DeltaField): DeltaField {
  const { [GENERATION_EXPRESSION]: _expression, ...metadata } = own.metadata;
  return { ...own, metadata };
}

/**
 * The stored columns that were made by these settings; null where some of them are not there as they are now, or
 * others are that have no setting any more.
 */
export function configuredColumns(
  fields: readonly DeltaField[],
  settings: Readonly<Record<string, string>>,
): DeltaField[] | null {
  const found = fields.filter((own) => settingOf(own) !== null);
  const isThere = (own: DeltaField): boolean => isGenerated(own) && settings[own.name] === settingOf(own);
  return found.length === Object.keys(settings).length && found.every(isThere) ? found : null;
}

/**
 * Columns of the table that a setting made and that are none of the wanted ones as they are: the setting is gone, or has
 * another expression now. @throws LAKE_SCHEMA_INCOMPATIBLE for a wanted one whose name somebody else's column has
 */
export function removedColumns(
  root: string,
  existing: readonly DeltaField[],
  wanted: readonly DeltaField[],
): string[] {
  const byName = new Map(wanted.map((own) => [own.name.toLowerCase(), own]));
  return existing.flatMap((own) => {
    const known = settingOf(own);
    const one = byName.get(own.name.toLowerCase());
    const setting = one === undefined ? null : settingOf(one);
    if (known === null && setting !== null) throw taken(root, own.name);
    if (known === null) return [];
    const isThere = one !== undefined && (known === setting || isSame(own, one));
    return isGenerated(own) && isThere ? [] : [own.name];
  });
}

/** Settings differ in what they say otherwise too, as in their blanks. */
function isSame(own: DeltaField, one: DeltaField): boolean {
  return generationExpression(own) === generationExpression(one) && sameType(own.type, one.type);
}

/** The stored column with the text of its setting as it is now. */
export function withSettingOf(own: DeltaField, wanted: DeltaField | undefined): DeltaField {
  const setting = wanted === undefined ? null : settingOf(wanted);
  if (setting === null || settingOf(own) === setting) return own;
  return { ...own, metadata: { ...own.metadata, [CONFIGURED]: setting } };
}

function taken(root: string, column: string): PlatformError {
  return new PlatformError('LAKE_SCHEMA_INCOMPATIBLE', {
    doing: `generating the column "${column}" of the table ${root}`,
    why: 'the table has a column of that name that was not made by this setting; give the generated one another name',
    context: { table: root, column },
  });
}
